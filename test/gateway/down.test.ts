import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { healthOf } from "../../src/gateway/health.ts";
import { probeOf } from "../../src/gateway/probe.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import type { DownOptions } from "../../src/gateway/with-gateway-down.ts";
import { takeJournalLock } from "../../src/transaction/journal-lock.ts";
import { openTransactions } from "../../src/transaction/recover.ts";
import { buildNewTree, journalDirOf } from "./new-tree.ts";
import { StandIn } from "./stand-in.ts";

const RESTORING = resolve(import.meta.dirname, "restoring.ts");

async function controlOf(gateway: StandIn): Promise<GatewayControl> {
  const control = await findGateway(await gateway.instance(), gateway.surroundings);
  if (control === undefined) throw new Error("not found");
  return control;
}

function optionsFor({ stateDir }: StandIn): DownOptions {
  return { journalDir: journalDirOf(stateDir), bars: [], startTimeoutMs: 3_000 };
}

/** A new tree in which a gateway ends at once. */
async function withBrokenTree(env: Record<string, string> = {}): Promise<StandIn> {
  const gateway = await StandIn.create(env);
  gateway.env["BROKEN"] = join(gateway.stateDir, "broken");
  return gateway;
}

function isNew({ stateDir }: StandIn): boolean {
  return existsSync(join(stateDir, "is-new"));
}

async function leftBeside({ stateDir }: StandIn): Promise<string[]> {
  return (await readdir(dirname(stateDir))).filter((name) => name !== ".openclaw");
}

test("the work swaps, starts it, sees that it is well, and commits", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "300" });
  await gateway.start();
  const before = await gateway.running();
  const transaction = await buildNewTree(gateway.stateDir);
  const steps: string[] = [];
  const options = { ...optionsFor(gateway), onStep: (step: string) => steps.push(step) };
  const { trouble, problems, downtimeMs } = await withGatewayDown(
    await controlOf(gateway),
    options,
    async (down) => {
      expect(await gateway.running()).toBeUndefined();
      await transaction.swap();
      await down.start();
      const { pid } = (await gateway.running()) ?? {};
      expect(await healthOf(await gateway.instance(), gateway.surroundings)).toEqual({
        ok: true,
        pid,
      });
      await transaction.commit();
    },
  );
  expect({ trouble, problems }).toEqual({ trouble: undefined, problems: [] });
  expect(downtimeMs).toBeGreaterThan(300);
  expect(steps).toEqual(["stopping", "stopped", "starting", "ready"]);
  expect(isNew(gateway)).toBe(true);
  expect((await gateway.running())?.pid).not.toBe(before?.pid);
});

test("one that is not well is stopped again, and the old one started on the old tree", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "300" });
  await gateway.start();
  const transaction = await buildNewTree(gateway.stateDir);
  const failing = withGatewayDown(await controlOf(gateway), optionsFor(gateway), async (down) => {
    await transaction.swap();
    await down.start();
    const started = await gateway.running();
    expect(started).toBeDefined();
    await down.stop();
    expect(await gateway.running()).toBeUndefined();
    await transaction.revert();
    throw new Error("not well");
  });
  await expect(failing).rejects.toThrow("not well");
  expect(isNew(gateway)).toBe(false);
  expect(await gateway.running()).toBeDefined();
  expect(await gateway.said()).toHaveLength(3);
  expect(await leftBeside(gateway)).toEqual([]);
});

test("one that does not start with the new tree comes back with the old one", async () => {
  await using gateway = await withBrokenTree();
  await gateway.start();
  const transaction = await buildNewTree(gateway.stateDir, { extra: ["broken"] });
  const failing = withGatewayDown(await controlOf(gateway), optionsFor(gateway), async (down) => {
    await transaction.swap();
    await down.start().catch(async (error: unknown) => {
      await down.stop();
      await transaction.revert();
      throw error;
    });
  });
  await expect(failing).rejects.toMatchObject({ code: "E_GATEWAY_DOWN" });
  expect(isNew(gateway)).toBe(false);
  expect(await gateway.running()).toBeDefined();
});

test("interrupted while it starts: stopped, taken back, started", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  const transaction = await buildNewTree(gateway.stateDir);
  const stop = new AbortController();
  const options = { ...optionsFor(gateway), signal: stop.signal };
  const interrupted = withGatewayDown(await controlOf(gateway), options, async (down) => {
    await transaction.swap();
    const started = down.start();
    stop.abort();
    await started.catch(async (error: unknown) => {
      await down.stop();
      await transaction.revert();
      throw error;
    });
  });
  await expect(interrupted).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  expect(isNew(gateway)).toBe(false);
  await gateway.untilSaid((await gateway.said()).length);
  await expect.poll(() => gateway.running(), { timeout: 10_000 }).toBeDefined();
});

test("a transaction that is stuck half-way: nothing starts", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  const stuck = withGatewayDown(await controlOf(gateway), optionsFor(gateway), async () => {
    const journalDir = journalDirOf(gateway.stateDir);
    await mkdir(journalDir, { mode: 0o700 });
    const journal = { version: 1, id: "0123456789abcdef", phase: "swapping" };
    const file = join(journalDir, `open-${journal.id}.json`);
    await writeFile(file, JSON.stringify(journal), { mode: 0o600 });
    throw new Error("no way back");
  });
  await expect(stuck).rejects.toMatchObject({
    code: "E_RESTORE_OPEN",
    message: expect.stringContaining("no way back"),
  });
  await delay(1_000);
  expect(await gateway.said()).toHaveLength(1);
});

test("left down when that is wanted, and the work succeeds", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  const options = { ...optionsFor(gateway), leaveDown: true };
  await withGatewayDown(await controlOf(gateway), options, async () => {});
  await delay(500);
  expect(await gateway.running()).toBeUndefined();
  const failing = withGatewayDown(undefined, options, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
});

/** Kills a restore in place at a step of its, and waits until the gateway has been started again. */
async function killedAt(gateway: StandIn, ...words: string[]): Promise<void> {
  await gateway.start();
  const run = spawn(process.execPath, [RESTORING, join(gateway.root, "home"), ...words], {
    env: gateway.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await working(run);
  const { length } = await gateway.said();
  const isUp = (await gateway.running()) !== undefined;
  run.kill("SIGKILL");
  if (!isUp) await gateway.untilSaid(length + 1);
  await expect.poll(() => open(gateway), { timeout: 20_000 }).toEqual([]);
}

async function working(run: ChildProcess): Promise<void> {
  const [said] = (await once(run.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  expect(said.toString()).toBe("working\n");
}

async function open({ stateDir }: StandIn): Promise<string[]> {
  return (await openTransactions(journalDirOf(stateDir))).map(({ phase }) => phase);
}

test.for([
  ["before the swap", "building", false],
  ["in the midst of the swap", "rename", true],
  ["when it runs on the new tree", "started", true],
] as const)("killed %s: the keeper finishes, then the gateway starts", async (row) => {
  const [, where, completed] = row;
  await using gateway = await StandIn.create({ SLOW_END_MS: "200" });
  await killedAt(gateway, where);
  expect(isNew(gateway)).toBe(completed);
  expect(await gateway.running()).toBeDefined();
  if (!completed) expect(await leftBeside(gateway)).toEqual([]);
});

test("killed while another command is at the journal: the gateway starts when that has ended", async () => {
  await using gateway = await StandIn.create({ SLOW_END_MS: "1500" });
  await gateway.start();
  const run = spawn(process.execPath, [RESTORING, join(gateway.root, "home"), "stopping"], {
    env: gateway.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await working(run);
  // Only a gateway that was asked to end is started again.
  while ((await probeOf(gateway.port)).kind !== "alive") await delay(20);
  run.kill("SIGKILL");
  await once(run, "exit");
  {
    using lock = takeJournalLock(journalDirOf(gateway.stateDir));
    expect(lock).toBeDefined();
    while ((await gateway.running()) !== undefined) await delay(20);
    await delay(1_000);
    expect(await gateway.said()).toHaveLength(1);
  }
  await gateway.untilSaid(2);
  expect(await leftBeside(gateway)).toEqual([]);
});

test("killed in the midst, and the new tree does not start: the old one does", async () => {
  await using gateway = await withBrokenTree();
  await killedAt(gateway, "rename", "broken");
  expect(isNew(gateway)).toBe(false);
  expect(await gateway.running()).toBeDefined();
  await rm(journalDirOf(gateway.stateDir), { recursive: true });
});
