import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { hasCode } from "../../src/errors.ts";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { commandOf, descendantsOf, statusOf } from "../../src/gateway/process-table.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewayStopped } from "../../src/gateway/with-gateway-stopped.ts";
import { STAND_IN, StandIn } from "./stand-in.ts";

const STOPPING = resolve(import.meta.dirname, "stopping.ts");
const SECRET = "a token that only the environment holds";

async function controlOf(gateway: StandIn): Promise<GatewayControl> {
  const control = await findGateway(await gateway.instance(), gateway.surroundings);
  if (control === undefined) throw new Error("not found");
  return control;
}

/** A run of its own that has stopped the gateway and works. */
async function stoppingRun(gateway: StandIn, ...words: string[]): Promise<ChildProcess> {
  const run = spawn(process.execPath, [STOPPING, join(gateway.root, "home"), ...words], {
    env: gateway.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(run.stdout, "data")) as [Buffer];
  expect(said.toString()).toBe("working\n");
  return run;
}

/** Ours: other tests have theirs at the same time. */
async function keepers(): Promise<number[]> {
  const pids = await descendantsOf(process.pid);
  const commands = await Promise.all(
    pids.map(async (pid) => ({ pid, words: await commandOf(pid) })),
  );
  const ours = commands.filter(({ words }) => words.at(-1)?.endsWith("keeper-worker.ts"));
  return ours.map(({ pid }) => pid);
}

test("is gone during the work, and back as it was", async () => {
  await using gateway = await StandIn.create({ SECRET, SLOW_END_MS: "1500" });
  await gateway.start(["sh", "-c", 'umask 027; exec "$@"', "sh"]);
  const [before] = await gateway.said();
  const control = await controlOf(gateway);
  expect(control).toMatchObject({ kind: "process", notes: [], port: gateway.port });
  expect(JSON.stringify(control)).not.toContain(SECRET);
  const steps: string[] = [];
  const { result, downtimeMs, trouble } = await withGatewayStopped(
    control,
    { onStep: (step) => steps.push(step) },
    async () => {
      expect((await statusOf(control.gateway?.pid ?? 0))["Name"]).toBeUndefined();
      return "worked";
    },
  );
  expect({ result, trouble }).toEqual({ result: "worked", trouble: undefined });
  expect(steps).toEqual(["stopping", "stopped", "starting", "ready"]);
  expect(downtimeMs).toBeGreaterThan(1500);
  const after = await gateway.untilSaid(2);
  expect({ ...after, pid: 0 }).toEqual({ ...before, pid: 0 });
  expect(after).toMatchObject({ secret: SECRET.length, umask: 0o027, cwd: gateway.root });
  const stat = await readFile(`/proc/${after.pid}/stat`, "utf8");
  expect(Number(stat.slice(stat.lastIndexOf(")")).split(" ")[4]), "its session").toBe(after.pid);
  expect(await gateway.running()).toMatchObject({ pid: after.pid });
});

test("is back when the work fails, whose error comes through", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  const failing = withGatewayStopped(await controlOf(gateway), {}, () => {
    return Promise.reject(new Error("no room"));
  });
  await expect(failing).rejects.toThrow("no room");
  expect(await gateway.running()).toBeDefined();
});

test("one that shows only a title is started by the program on its PATH", async () => {
  await using gateway = await StandIn.create({ TITLE: "openclaw-gateway" });
  const program = join(gateway.root, "openclaw");
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${STAND_IN} "$@"\n`, {
    mode: 0o755,
  });
  gateway.env["PATH"] = `${gateway.root}:${gateway.env["PATH"]}`;
  await gateway.start();
  const control = await controlOf(gateway);
  expect(control.notes.join()).toContain(`gateway run --port ${gateway.port}`);
  const { trouble } = await withGatewayStopped(control, {}, async () => {});
  expect(trouble).toBeUndefined();
  expect(await gateway.running()).toBeDefined();
});

test.for(["SIGKILL", "SIGTERM"] as const)("is back when our process gets %s", async (signal) => {
  await using gateway = await StandIn.create({ SECRET, SLOW_END_MS: "300" });
  await gateway.start();
  const run = await stoppingRun(gateway);
  expect(await gateway.running()).toBeUndefined();
  run.kill(signal);
  const after = await gateway.untilSaid(2);
  expect(after.secret).toBe(SECRET.length);
});

test("is back when our process is killed while it still ends", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "2000" });
  await gateway.start();
  const run = spawn(process.execPath, [STOPPING, join(gateway.root, "home")], {
    env: gateway.env,
    stdio: "ignore",
  });
  const { pid = 0 } = (await gateway.running()) ?? {};
  // The port is closed: it was asked to end.
  while (await answers(gateway.port)) await delay(20);
  run.kill("SIGKILL");
  expect((await statusOf(pid))["Name"], "still ending").toBeDefined();
  await gateway.untilSaid(2);
});

test("is back when interrupted on the way", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "1000" });
  await gateway.start();
  const stop = new AbortController();
  const stopped = withGatewayStopped(await controlOf(gateway), { signal: stop.signal }, () => {
    return Promise.reject(new Error("must not run"));
  });
  setTimeout(() => stop.abort(), 300);
  await expect(stopped).rejects.toSatisfy((error) => hasCode(error, "E_INTERRUPTED"));
  await gateway.untilSaid(2);
});

test("is back when the keeper is killed; no secret is in its words or environment", async () => {
  await using gateway = await StandIn.create({ SECRET });
  await gateway.start();
  const before = await keepers();
  const { trouble } = await withGatewayStopped(await controlOf(gateway), {}, async () => {
    const [keeper = 0, ...others] = (await keepers()).filter((pid) => !before.includes(pid));
    expect(others).toEqual([]);
    for (const name of ["cmdline", "environ"]) {
      expect(await readFile(`/proc/${keeper}/${name}`, "utf8")).not.toContain(SECRET);
    }
    process.kill(keeper, "SIGKILL");
  });
  expect(trouble).toBeUndefined();
  expect(await gateway.running()).toBeDefined();
});

test("one that does not end in time runs on: no work, and it comes back once it has ended", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "2500" });
  await gateway.start();
  const stopped = withGatewayStopped(await controlOf(gateway), { stopTimeoutMs: 500 }, () => {
    return Promise.reject(new Error("must not run"));
  });
  await expect(stopped).rejects.toSatisfy((error) => hasCode(error, "E_GATEWAY"));
  expect(await gateway.said()).toHaveLength(1);
  await gateway.untilSaid(2);
});

test("one that does not come back: the work's result is kept, and trouble told", async () => {
  await using gateway = await StandIn.create();
  const broken = join(gateway.root, "broken");
  gateway.env["BROKEN"] = broken;
  await gateway.start();
  const outcome = await withGatewayStopped(await controlOf(gateway), {}, async () => {
    await writeFile(broken, "");
    return 7;
  });
  expect(outcome.result).toBe(7);
  expect(outcome.trouble?.code).toBe("E_GATEWAY_DOWN");
  await rm(broken);
  await gateway.start();
  const failing = withGatewayStopped(await controlOf(gateway), {}, async () => {
    await writeFile(broken, "");
    throw new Error("no room");
  });
  await expect(failing).rejects.toMatchObject({
    code: "E_GATEWAY_DOWN",
    message: expect.stringContaining("no room"),
  });
});

test("one that a supervisor starts again at once is left to it", async () => {
  await using gateway = await StandIn.create();
  const supervisor = await gateway.start(["sh", "-c", 'while true; do "$@"; done', "sh"]);
  const control = await controlOf(gateway);
  let worked = false;
  try {
    const outcome = await withGatewayStopped(control, {}, async () => {
      worked = true;
      await gateway.untilSaid(2);
    });
    // Its restart took longer than our look: then it is said afterwards.
    expect(outcome.trouble).toMatchObject({ code: "E_GATEWAY" });
  } catch (error) {
    expect(hasCode(error, "E_GATEWAY")).toBe(true);
    expect(worked).toBe(false);
  } finally {
    supervisor.kill("SIGKILL");
  }
});

test("another user's is started as that user", { skip: process.getuid?.() !== 0 }, async () => {
  await using gateway = await StandIn.create();
  // Of a log that is not its own, root would not open a line.
  await writeFile(gateway.log, "");
  await chownAll(gateway);
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  await gateway.start(nobody);
  await withGatewayStopped(await controlOf(gateway), {}, async () => {});
  expect(await gateway.untilSaid(2)).toMatchObject({ uid: 65534 });
});

async function chownAll(gateway: StandIn): Promise<void> {
  const chown = spawn("sh", [
    "-c",
    `chown -R 65534:65534 "$1"; chmod 755 "$1"`,
    "sh",
    gateway.root,
  ]);
  await once(chown, "exit");
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    () => true,
    () => false,
  );
}
