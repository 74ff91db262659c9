import { expect, test } from "vitest";
import type { PoolJob } from "../test/support/pool-worker.ts";
import { ClawbackError } from "./errors.ts";
import { WorkerPool, workerScript } from "./worker-pool.ts";

const script = new URL("../test/support/pool-worker.ts", import.meta.url);

function pool(size: number, onEvent?: (event: string, thread: number) => void) {
  const options = { size, workerData: undefined, ...(onEvent && { onEvent }) };
  return new WorkerPool<PoolJob, unknown, number, string>(script, options);
}

test("many jobs are answered each with its own", async () => {
  await using threads = pool(3);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, value) => threads.run({ do: "answer", value })),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, value) => value * 2));
});

test("a job that fails fails alone, with code and hint", async () => {
  await using threads = pool(1);
  const failure: unknown = await threads.run({ do: "hint" }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ClawbackError);
  expect(failure).toMatchObject({ code: "E_DAMAGED", message: "broken", hint: "mend it" });
  await expect(threads.run({ do: "fail" })).rejects.toThrow("a bug");
  await expect(threads.run({ do: "refuse" })).rejects.toMatchObject({ code: "ENOSPC" });
  await expect(threads.run({ do: "odd" })).rejects.toThrow("could not be cloned");
  expect(await threads.run({ do: "answer", value: 4 })).toBe(8);
});

test("the stack of a failure tells where in the thread it was", async () => {
  await using threads = pool(1);
  const failure = await threads.run({ do: "fail" }).catch((error: unknown) => error as Error);
  expect((failure as Error).stack).toContain("pool-worker");
});

test.each(["exit", "exit-well", "crash"] as const)(
  "a thread that dies (%s) rejects all",
  async (how) => {
    await using threads = pool(1);
    const jobs = [
      threads.run({ do: how }),
      threads.run({ do: "answer" }),
      threads.run({ do: "answer" }),
    ];
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(threads.run({ do: "answer" })).rejects.toThrow();
    await expect(threads.runOnEach({ do: "answer" })).rejects.toThrow();
  },
);

test("a script that is not there rejects", async () => {
  await using threads = new WorkerPool(new URL("nowhere.ts", import.meta.url), {
    size: 1,
    workerData: undefined,
  });
  await expect(threads.run({})).rejects.toThrow("nowhere");
});

test.each(["work", "wait"] as const)(
  "stop rejects all with its reason and ends threads that %s",
  async (how) => {
    await using threads = pool(2);
    const jobs = Array.from({ length: 10 }, () => threads.run({ do: how }));
    const reason = new ClawbackError("E_INTERRUPTED", "enough");
    const settled = Promise.allSettled(jobs);
    await threads.stop(reason);
    for (const outcome of await settled) expect(outcome).toMatchObject({ reason });
    await expect(threads.run({ do: "answer" })).rejects.toBe(reason);
    await threads.stop(new Error("a second time"));
    await expect(threads.run({ do: "answer" })).rejects.toBe(reason);
  },
);

test("a job for each thread, notes and events", async () => {
  const events: string[] = [];
  await using threads = pool(3, (event, thread) => void events.push(`${thread}: ${event}`));
  threads.note(1, 5);
  threads.note(1, 6);
  expect(await threads.runOnEach({ do: "tell" })).toEqual([0, 11, 0]);
  expect(events.sort()).toEqual(["0: noted 0", "1: noted 11", "2: noted 0"]);
});

test("a slow job holds up no more than what is in hand with it", async () => {
  await using threads = pool(2);
  const slow = threads.run({ do: "sleep", value: 1000 });
  let answered = 0;
  const count = () => answered++;
  const quick = Array.from({ length: 20 }, () => threads.run({ do: "answer" }).then(count));
  await slow;
  expect(answered).toBeGreaterThanOrEqual(19);
  await Promise.all(quick);
});

test("a worker's script is .ts in the sources, .js when built", () => {
  expect(workerScript("file:///a/b.ts", "w").href).toBe("file:///a/w.ts");
  expect(workerScript("file:///a/b.js", "w").href).toBe("file:///a/w.js");
});
