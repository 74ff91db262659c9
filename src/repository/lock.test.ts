import { expect, test } from "vitest";
import { setUpLocks as setUp } from "../../test/support/locks.ts";
import { ClawbackError } from "../errors.ts";
import type { Lock } from "./lock.ts";

const MINUTE = 60_000;

test.each([
  { first: false, second: false, fits: true },
  { first: false, second: true, fits: false },
  { first: true, second: false, fits: false },
  { first: true, second: true, fits: false },
])("exclusive $first, then exclusive $second: fits $fits", async ({ first, second, fits }) => {
  const { take, files } = setUp();
  await using held = await take("a", { exclusive: first });
  if (fits) {
    await using other = await take("b", { exclusive: second });
    expect(files.records.size).toBe(2);
    other.assertHeld();
  } else {
    await expect(take("b", { exclusive: second })).rejects.toMatchObject({ code: "E_REPO_LOCKED" });
    expect(files.records.size).toBe(1);
  }
  held.assertHeld();
});

test("who is in the way is named", async () => {
  const { take, clock } = setUp();
  const since = new Date(clock.now()).toISOString();
  await using _held = await take("nas", { exclusive: true });
  await expect(take("b")).rejects.toMatchObject({
    message: `ada@nas (pid 100) holds an exclusive lock on the repository since ${since}`,
    hint: expect.stringContaining("restic unlock"),
  });
});

test("the record is restic's, with our own fields beside", async () => {
  const { take, files, clock } = setUp();
  const time = new Date(clock.now()).toISOString();
  await using _held = await take("a");
  expect([...files.records.values()]).toEqual([
    {
      time,
      exclusive: false,
      hostname: "a",
      username: "ada",
      pid: 100,
      uid: 1000,
      gid: 1000,
      boot_id: "boot of a",
      pid_namespace: "pid:[1]",
    },
  ]);
});

test.each([true, false])(
  "two that saw nobody never both hold it (the other writes first: %s)",
  async (otherFirst) => {
    const { files, begin, clock, crash } = setUp();
    // Both have looked and found nothing; the other's file appears around ours.
    let other: Promise<string> | undefined;
    if (otherFirst) {
      const inner = files.write.bind(files);
      files.write = async (record) => {
        files.write = inner;
        other = crash("b");
        return inner(record);
      };
    } else {
      files.onWrite = () => {
        files.onWrite = undefined;
        other = crash("b");
      };
    }
    const taking = begin("a", { exclusive: true });
    taking.catch(() => undefined);
    await clock.advance(200);
    await expect(taking).rejects.toMatchObject({ code: "E_REPO_LOCKED" });
    expect(files.names).toEqual([await other]);
  },
);

test("two exclusive takers at once, both waiting: one after the other gets it", async () => {
  const { clock, files, begin } = setUp();
  const order: string[] = [];
  const work = async (name: string, random: number): Promise<void> => {
    const options = { exclusive: true, waitMs: 5 * MINUTE, random: () => random };
    await using lock = await begin(name, options);
    expect(files.records.size).toBe(1);
    await clock.sleep(10_000);
    lock.assertHeld();
    order.push(name);
  };
  const both = Promise.all([work("a", 0.1), work("b", 0.9)]);
  await clock.advance(2 * MINUTE);
  await both;
  expect(order.toSorted()).toEqual(["a", "b"]);
  expect(files.names).toEqual([]);
});

test("a bounded wait: told about, and crowned when the other lets go", async () => {
  const { clock, take, begin } = setUp();
  const held = await take("a", { exclusive: true });
  const told: string[] = [];
  const waiting = begin("b", {
    waitMs: 10 * MINUTE,
    onWait: (blockers, until) =>
      told.push(`${blockers[0]?.record?.hostname} ${until - clock.now()}`),
  });
  await clock.advance(100);
  expect(told).toEqual([`a ${10 * MINUTE}`]);
  await clock.advance(3 * MINUTE);
  await held.release();
  await clock.advance(MINUTE);
  await (await waiting).release();
});

test("a wait that ends in vain leaves nothing of ours", async () => {
  const { clock, take, begin, files } = setUp();
  await using _held = await take("a", { exclusive: true });
  const before = clock.now();
  const waiting = begin("b", { waitMs: 2 * MINUTE });
  const ended = waiting.catch(() => clock.now() - before);
  await clock.advance(10 * MINUTE);
  expect(await ended).toBe(2 * MINUTE);
  await expect(waiting).rejects.toMatchObject({ code: "E_REPO_LOCKED" });
  expect(files.records.size).toBe(1);
});

test("a wait that is called off leaves nothing of ours", async () => {
  for (const [ms, exclusive] of [
    [100, false],
    [5000, true],
  ] as const) {
    const { clock, begin, crash, files } = setUp();
    if (exclusive) await crash("a");
    const before = files.names;
    const interrupted = new AbortController();
    const waiting = begin("b", { waitMs: 10 * MINUTE, signal: interrupted.signal });
    waiting.catch(() => undefined);
    await clock.advance(ms);
    interrupted.abort(new ClawbackError("E_INTERRUPTED", "Ctrl-C"));
    await expect(waiting).rejects.toMatchObject({ code: "E_INTERRUPTED" });
    expect(files.names).toEqual(before);
  }
});

test("is refreshed every five minutes by a new file, the old one goes", async () => {
  const { clock, take, files } = setUp();
  await using held = await take("a");
  const names = new Set<string>();
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(MINUTE);
    expect(files.records.size).toBe(1);
    for (const name of files.names) names.add(name);
    const time = Date.parse([...files.records.values()][0]?.time ?? "");
    expect(clock.now() - time).toBeLessThan(5.5 * MINUTE);
  }
  expect(names.size).toBeGreaterThanOrEqual(11);
  held.assertHeld();
});

test("a storage that comes back in time keeps the lock", async () => {
  const { clock, take, files } = setUp();
  await using held = await take("a");
  files.down = true;
  await clock.advance(20 * MINUTE);
  held.assertHeld();
  files.down = false;
  await clock.advance(MINUTE);
  expect(clock.now() - Date.parse([...files.records.values()][0]?.time ?? "")).toBeLessThan(MINUTE);
  expect(held.signal.aborted).toBe(false);
});

test("is lost when it could not be refreshed for 22.5 minutes", async () => {
  const { clock, take, files } = setUp();
  const held = await take("a");
  files.down = true;
  await clock.advance(22 * MINUTE);
  held.assertHeld();
  await clock.advance(MINUTE);
  expect(held.signal.reason).toMatchObject({ code: "E_LOCK_LOST" });
  expect(() => held.assertHeld()).toThrow(expect.objectContaining({ code: "E_LOCK_LOST" }));
  await held.release();
});

test("is lost after a sleep of the machine, before any timer has fired", async () => {
  const { clock, take, files } = setUp();
  const held = await take("a");
  clock.leap(8 * 60 * MINUTE);
  expect(() => held.assertHeld()).toThrow(expect.objectContaining({ code: "E_LOCK_LOST" }));
  expect(held.signal.aborted).toBe(true);
  await held.release();
  expect(files.names).toEqual([]);
});

test("is lost while a refresh hangs", async () => {
  const { clock, take, files } = setUp();
  const held = await take("a");
  const { promise, resolve } = Promise.withResolvers<void>();
  const inner = files.write.bind(files);
  files.write = async (record) => {
    await promise;
    return inner(record);
  };
  await clock.advance(23 * MINUTE);
  expect(held.signal.aborted).toBe(true);
  resolve();
  await held.release();
  expect(files.names).toEqual([]);
});

test("is lost when somebody removed it", async () => {
  const { clock, take, files } = setUp();
  const held = await take("a");
  files.records.clear();
  await clock.advance(6 * MINUTE);
  expect(held.signal.reason).toMatchObject({ code: "E_LOCK_LOST" });
  await held.release();
  expect(files.names).toEqual([]);
});

test("an old file whose removal got no answer does not look like a lost lock", async () => {
  const { clock, take, files } = setUp();
  await using held = await take("a");
  const inner = files.remove.bind(files);
  files.remove = async (name) => {
    files.remove = inner;
    await inner(name);
    throw new ClawbackError("E_STORAGE_UNREACHABLE", "the answer was lost");
  };
  await clock.advance(30 * MINUTE);
  held.assertHeld();
  expect(files.records.size).toBe(1);
});

test("a clock set back does not keep it from being refreshed", async () => {
  const { clock, take, files } = setUp();
  await using held = await take("a");
  clock.leap(-3 * 60 * MINUTE);
  await clock.advance(MINUTE);
  const time = Date.parse([...files.records.values()][0]?.time ?? "");
  expect(Math.abs(clock.now() - time)).toBeLessThan(MINUTE);
  held.assertHeld();
});

test("release removes it, and may be called again", async () => {
  const { take, files, clock } = setUp();
  const held = await take("a");
  await held.release();
  expect(files.names).toEqual([]);
  await held.release();
  await clock.advance(60 * MINUTE);
  expect(files.names).toEqual([]);
});

test("a release that fails says so, and can be tried again", async () => {
  const { take, files } = setUp();
  const held = await take("a");
  files.down = true;
  await expect(held.release()).rejects.toMatchObject({ code: "E_STORAGE_UNREACHABLE" });
  files.down = false;
  await held.release();
  expect(files.names).toEqual([]);
});

test("F41: another machine's crash is passed by after 30 minutes of waiting", async () => {
  const { clock, begin, crash, files } = setUp();
  const left = await crash("a");
  const stale: string[] = [];
  const waiting = begin("b", { waitMs: 40 * MINUTE, onStale: ({ name }) => stale.push(name) });
  let held: Lock | undefined;
  void waiting.then((lock) => (held = lock));
  await clock.advance(29 * MINUTE);
  expect(held).toBeUndefined();
  await clock.advance(2 * MINUTE);
  expect(stale).toEqual([left]);
  expect(files.names).not.toContain(left);
  await (await waiting).release();
});

test("F41: another machine's crash stops one scheduled run, not the next", async () => {
  const { clock, take, crash } = setUp();
  await crash("a");
  const watch = new Map<string, number>();
  await clock.advance(24 * 60 * MINUTE);
  await expect(take("b", { watch })).rejects.toMatchObject({ code: "E_REPO_LOCKED" });
  await clock.advance(24 * 60 * MINUTE);
  const kept = new Map(JSON.parse(JSON.stringify([...watch])) as [string, number][]);
  await using held = await take("b", { watch: kept });
  held.assertHeld();
  expect(kept.size).toBe(0);
});

test("F41: an empty lock file left by a crash is an unknown holder, until watched", async () => {
  const { clock, take, files } = setUp();
  files.records.set("empty", undefined);
  const watch = new Map<string, number>();
  await expect(take("b", { watch })).rejects.toMatchObject({
    code: "E_REPO_LOCKED",
    message: expect.stringContaining("cannot be read"),
  });
  await clock.advance(31 * MINUTE);
  await using held = await take("b", { watch });
  held.assertHeld();
});

test("a lock that is refreshed is never stale, whatever its clock says", async () => {
  for (const skew of [-60 * MINUTE, 60 * MINUTE]) {
    const { clock, take, begin, files } = setUp();
    const theirs = { now: () => clock.now() + skew, sleep: clock.sleep.bind(clock) };
    await using _held = await take("a", { exclusive: true, clock: theirs });
    const waiting = begin("b", { waitMs: 120 * MINUTE });
    waiting.catch(() => undefined);
    await clock.advance(125 * MINUTE);
    await expect(waiting).rejects.toMatchObject({ code: "E_REPO_LOCKED" });
    expect(files.records.size).toBe(1);
  }
});

test("where a dead lock may not be removed, it binds nobody all the same", async () => {
  const { clock, take, crash, files } = setUp();
  const left = await crash("a");
  const watch = new Map([[left, clock.now()]]);
  await clock.advance(31 * MINUTE);
  const inner = files.remove.bind(files);
  files.remove = async (name) => {
    if (name === left) throw new ClawbackError("E_PERMISSION", "append only");
    await inner(name);
  };
  await using held = await take("b", { exclusive: true, watch });
  expect(() => held.assertHeld()).not.toThrow();
});

test("a storage that fails during the second look leaves no lock behind", async () => {
  const { clock, begin, files } = setUp();
  const taking = begin("a");
  taking.catch(() => undefined);
  await clock.advance(100);
  const inner = files.list.bind(files);
  files.list = () => {
    files.list = inner;
    throw new ClawbackError("E_STORAGE_UNREACHABLE", "down");
  };
  await clock.advance(100);
  await expect(taking).rejects.toMatchObject({ code: "E_STORAGE_UNREACHABLE" });
  expect(files.names).toEqual([]);
});
