import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { barGateway, liftBars } from "../../src/gateway/bars.ts";
import type { Bar } from "../../src/gateway/bars.ts";
import { startAgain, toJournal } from "../../src/gateway/gateway-note.ts";
import { healthOf } from "../../src/gateway/health.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import { withGatewayStopped } from "../../src/gateway/with-gateway-stopped.ts";
import type { Surroundings } from "../../src/openclaw/user-paths.ts";
import { FakeEngine } from "./fake-engine.ts";
import type { FakeContainer } from "./fake-engine.ts";
import { StandIn } from "./stand-in.ts";

const ID = "4f2b9c".padEnd(64, "0");

/**
 * An instance whose state is mounted into a container: from here its lock is held, by a pid that
 * means nothing here. The container's gateway works on a state of its own, in its stead.
 */
async function inContainer(change: Partial<FakeContainer> = {}) {
  const outside = await StandIn.create();
  const inside = await StandIn.create({ SLOW_END_MS: "1500" });
  await inside.start();
  const folder = join(outside.stateDir, "tmp/openclaw-1000");
  await mkdir(folder, { recursive: true });
  const lock = { pid: 7, startTime: 1, port: inside.port };
  await writeFile(join(folder, "gateway.state.lock"), JSON.stringify(lock));
  const held = new DatabaseSync(join(folder, "gateway.state.lock.sqlite"));
  held.exec("BEGIN EXCLUSIVE");
  const container: FakeContainer = {
    id: ID,
    name: "openclaw-openclaw-gateway-1",
    gateway: inside,
    mounts: [{ Type: "bind", Source: outside.stateDir, Destination: "/home/node/.openclaw" }],
    ...change,
  };
  const engine = await FakeEngine.start(outside.root, [container]);
  const surroundings: Surroundings = {
    ...outside.surroundings,
    env: { ...outside.surroundings.env, DOCKER_HOST: `unix://${engine.socket}` },
  };
  return {
    inside,
    outside,
    engine,
    container,
    surroundings,
    find: async (): Promise<GatewayControl | undefined> =>
      findGateway(await outside.instance(), surroundings),
    async [Symbol.asyncDispose]() {
      held.close();
      await engine[Symbol.asyncDispose]();
      await inside[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
    },
  };
}

async function found(find: () => Promise<GatewayControl | undefined>): Promise<GatewayControl> {
  const control = await find();
  if (control === undefined) throw new Error("not found");
  return control;
}

test("the container that mounts the state is stopped for the work, and runs again", async () => {
  await using setting = await inContainer();
  const { inside, engine, find } = setting;
  const control = await found(find);
  expect(control).toMatchObject({
    kind: "docker",
    describe: "the Docker container openclaw-openclaw-gateway-1",
    port: inside.port,
  });
  const { trouble, downtimeMs } = await withGatewayStopped(control, {}, async () => {
    expect(await inside.running()).toBeUndefined();
  });
  expect(trouble).toBeUndefined();
  expect(downtimeMs).toBeGreaterThan(1500);
  expect(await inside.running()).toBeDefined();
  expect(engine.unexpected).toEqual([]);
  const changing = engine.requests.filter((words) => words.startsWith("POST"));
  expect(changing).toEqual([`POST /containers/${ID}/stop?t=-1`, `POST /containers/${ID}/start`]);
});

test("one that takes long to end is not killed, and started once it has ended", async () => {
  await using setting = await inContainer();
  const { inside, engine, find } = setting;
  const stopped = withGatewayStopped(await found(find), { stopTimeoutMs: 200 }, () => {
    return Promise.reject(new Error("must not run"));
  });
  await expect(stopped).rejects.toMatchObject({ code: "E_GATEWAY" });
  await inside.untilSaid(2);
  expect(engine.unexpected).toEqual([]);
});

test("a mount of a directory above the state is its container too, one beside it is not", async () => {
  await using above = await inContainer();
  const { outside, engine } = above;
  expect(engine.unexpected).toEqual([]);
  await using beside = await inContainer({
    mounts: [{ Type: "bind", Source: `${outside.stateDir}-work`, Destination: "/x" }],
  });
  await expect(beside.find()).rejects.toThrow(/cannot be seen/);
});

test.for([
  ["--rm", { autoRemove: true }],
  ["paused", { paused: true }],
] as const)("a container that is %s is not touched", async ([word, change]) => {
  await using setting = await inContainer(change);
  await expect(setting.find()).rejects.toThrow(word);
  expect(setting.engine.requests.filter((words) => words.startsWith("POST"))).toEqual([]);
});

test("an Engine that does not answer: it cannot be told where the gateway is", async () => {
  await using setting = await inContainer();
  await setting.engine[Symbol.asyncDispose]();
  await rm(setting.engine.socket, { force: true });
  await expect(setting.find()).rejects.toMatchObject({
    code: "E_GATEWAY",
    hint: expect.stringContaining("another container"),
  });
});

test("barred, it is not started by itself, running or not; lifted, it is as it was", async () => {
  const restart = { Name: "on-failure", MaximumRetryCount: 3 };
  await using setting = await inContainer({ restart });
  const { outside, engine, container, surroundings, inside, find } = setting;
  const instance = await outside.instance();
  const journal = join(outside.root, "journal", "open.json");
  const recorded: Bar[] = [];
  const bar = (): Promise<Bar[]> =>
    barGateway(instance, surroundings, journal, {
      record: async (bars) => {
        expect(container.restart).toEqual(restart);
        recorded.splice(0, recorded.length, ...bars);
      },
    });
  const bars = JSON.parse(JSON.stringify(await bar())) as Bar[];
  expect(bars).toEqual(recorded);
  expect(bars).toMatchObject([{ kind: "docker", id: ID, policy: restart }]);
  expect(container.restart).toEqual({ Name: "no", MaximumRetryCount: 0 });
  const journalDir = join(outside.root, "journal");
  const seen: unknown[] = [];
  await withGatewayDown(await found(find), { journalDir, bars }, async (gateway) => {
    seen.push(container.restart?.Name);
    await gateway.start();
    seen.push(container.restart?.Name, (await healthOf(instance, surroundings)).ok);
    await gateway.stop();
    seen.push(container.restart?.Name, await inside.running());
  });
  expect(seen).toEqual(["no", "on-failure", true, "no", undefined]);
  expect(container.restart).toEqual(restart);
  expect(await inside.running()).toBeDefined();
  expect(engine.unexpected).toEqual([]);
});

test("bars of a container that is gone are lifted; of an Engine that is gone, it is said", async () => {
  await using setting = await inContainer({ restart: { Name: "always", MaximumRetryCount: 0 } });
  const { outside, engine, surroundings } = setting;
  const record = async (): Promise<void> => {};
  const bars = await barGateway(await outside.instance(), surroundings, "/journal", { record });
  expect(await liftBars(bars.map((bar) => ({ ...bar, id: "gone" })))).toEqual([]);
  await engine[Symbol.asyncDispose]();
  const [problem] = await liftBars(bars);
  expect(problem).toContain("docker update --restart=always openclaw-openclaw-gateway-1");
});

test("a container that ran is started again from a journal's note", async () => {
  await using setting = await inContainer();
  const { inside, find } = setting;
  const note = toJournal(await found(find));
  process.kill((await inside.running())?.pid ?? 0, "SIGTERM");
  await expect.poll(() => inside.running(), { timeout: 10_000 }).toBeUndefined();
  expect(await startAgain(JSON.parse(JSON.stringify(note)) as typeof note)).toEqual({
    started: true,
  });
  expect(await inside.running()).toBeDefined();
});
