import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { StandIn } from "./stand-in.ts";

async function find(gateway: StandIn): Promise<GatewayControl | undefined> {
  return findGateway(await gateway.instance(), gateway.surroundings);
}

/** A lock as a gateway has it, held by this process, which the lock may or may not name. */
async function holdLock(gateway: StandIn, content: object): Promise<DatabaseSync> {
  const folder = join(gateway.stateDir, "tmp/openclaw-0");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "gateway.state.lock"), JSON.stringify(content));
  const database = new DatabaseSync(join(folder, "gateway.state.lock.sqlite"));
  database.exec("BEGIN EXCLUSIVE");
  return database;
}

test("none: never started, stopped, or dead with its lock left behind", async () => {
  await using gateway = await StandIn.create();
  expect(await find(gateway)).toBeUndefined();
  const child = await gateway.start();
  expect(await find(gateway)).toMatchObject({ kind: "process" });
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = join(gateway.stateDir, `tmp/openclaw-${process.getuid?.()}/gateway.state.lock`);
  expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: child.pid });
  expect(await find(gateway)).toBeUndefined();
});

test("a pid that another process has now is no gateway", async () => {
  await using gateway = await StandIn.create();
  const database = await holdLock(gateway, { pid: process.pid, startTime: 1 });
  database.close();
  expect(await find(gateway)).toBeUndefined();
});

test("a lock that is held by nobody to be seen cannot be told", async () => {
  await using gateway = await StandIn.create();
  using _database = await holdLock(gateway, { pid: process.pid, startTime: 1 });
  await expect(find(gateway)).rejects.toMatchObject({
    code: "E_GATEWAY",
    hint: expect.stringContaining("another container"),
  });
});

test("what another command holds for a while is no gateway to stop", async () => {
  await using gateway = await StandIn.create();
  using _database = await holdLock(gateway, {
    pid: 4711,
    startTime: 1,
    role: "sqlite-maintenance",
  });
  await expect(find(gateway)).rejects.toThrow(/busy with this state \(sqlite-maintenance/);
});

const root = process.getuid?.() === 0;
test(
  "a gateway in another pid namespace is seen, and is none of ours",
  { skip: !root },
  async () => {
    await using gateway = await StandIn.create();
    const child = await gateway.start([
      "unshare",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ]);
    const [said] = await gateway.said();
    expect(said?.pid).toBe(1);
    await expect(find(gateway)).rejects.toMatchObject({
      code: "E_GATEWAY",
      message: expect.stringMatching(/runs in a container/),
    });
    child.kill("SIGKILL");
    await once(child, "exit");
  },
);

test("one that answers, but left no lock, cannot be told", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  await rm(join(gateway.stateDir, "tmp"), { recursive: true });
  await expect(find(gateway)).rejects.toThrow(/answers on port/);
});

test("one of 2026.3 is found by the lock in the temporary directory", async () => {
  await using gateway = await StandIn.create();
  const child = await gateway.start();
  const { configPath = "" } = await gateway.instance();
  const folder = `openclaw-${process.getuid?.()}`;
  const own = await readFile(join(gateway.stateDir, "tmp", folder, "gateway.state.lock"), "utf8");
  const hash = createHash("sha256").update(configPath).digest("hex").slice(0, 8);
  const path = join(tmpdir(), folder, `gateway.${hash}.lock`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, own);
  await rm(join(gateway.stateDir, "tmp"), { recursive: true });
  try {
    const control = await find(gateway);
    expect(control?.gateway).toMatchObject({ pid: child.pid });
  } finally {
    await rm(path);
  }
});

test("a gateway whose command line is only a title, and whose program is not found, is left alone", async () => {
  await using gateway = await StandIn.create({ TITLE: "openclaw-gateway" });
  await gateway.start();
  await expect(find(gateway)).rejects.toThrow(/cannot tell how the gateway was started/);
});

test("the system it runs on decides", async () => {
  await using gateway = await StandIn.create();
  const onMac = findGateway(await gateway.instance(), {
    ...gateway.surroundings,
    platform: "darwin",
  });
  await expect(onMac).rejects.toMatchObject({
    message: expect.stringContaining("darwin"),
    hint: expect.stringContaining("openclaw gateway stop"),
  });
});

test("a shell with the same words is no launcher", async () => {
  await using gateway = await StandIn.create();
  await gateway.start(["sh", "-c", '"$@"; true', "sh"]);
  const control = await find(gateway);
  const recipe = control?.recipe();
  expect(recipe).toMatchObject({ kind: "process", processes: [{ pid: control?.gateway?.pid }] });
});
