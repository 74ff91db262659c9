import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "../capture/live.ts";
import { expectSameRows, expectSameState } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

/** An agent whose workspace and agentDir lie outside of the state directory. */
async function liveElsewhere(): Promise<{ config: string; outside: string[] }> {
  const { house } = scene();
  const outside = ["projects/notes/SOUL.md", "agents/far/auth-profiles.json"];
  for (const path of outside) await house.write(join("..", path), JSON.stringify({ path }));
  const far = {
    id: "far",
    workspace: join(house.home, "projects/notes"),
    agentDir: join(house.home, "agents/far"),
  };
  const config = JSON.stringify({ gateway: { port: 18789 }, agents: { list: [far] } }, null, 2);
  await house.write("openclaw.json", config);
  return { config, outside: outside.map((path) => join(house.home, path)) };
}

/** All that was made is there, and so is what lies outside. */
async function expectAllThere(outside: readonly string[] = []): Promise<void> {
  const { made } = scene();
  const copy = await scene().restore();
  expectSameState(made, copy.stateDir);
  for (const path of outside) {
    expect(readFileSync(copy.at(path), "utf8")).toBe(readFileSync(path, "utf8"));
  }
}

test("F15 a malformed openclaw.json: all there is, places that it still names included; exit 3", async () => {
  const { house } = scene();
  const { config, outside } = await liveElsewhere();
  await scene().backup(0);
  await expectAllThere(outside);
  // Somebody's editor died half-way, and a comma too many.
  for (const broken of [config.slice(0, -4), config.replace('"agents"', ', "agents"')]) {
    await house.write("openclaw.json", broken);
    const { errors } = await scene().backup(3);
    expect(errors.map(({ path }) => path)).toContain(house.state("openclaw.json"));
    await expectAllThere(outside);
  }
});

test("F15 an openclaw.json that is not text at all: the rest is taken; exit 3", async () => {
  const { house } = scene();
  await house.write("openclaw.json", Buffer.from([0xff, 0xfe, 0, 0, 1, 2, 3, 0]));
  const { errors } = await scene().backup(3);
  expect(errors.map(({ path }) => path)).toContain(house.state("openclaw.json"));
  await expectAllThere();
});

test("F15 a missing $include: named, what the others say is followed; exit 3", async () => {
  const { house } = scene();
  const { config, outside } = await liveElsewhere();
  const includes = { $include: ["./agents.json5", "./channels.json5"] };
  await house.write("agents.json5", config);
  await house.write("openclaw.json", JSON.stringify(includes));
  const { errors } = await scene().backup(3);
  expect(JSON.stringify(errors)).toContain("channels.json5");
  expect(JSON.stringify(errors)).not.toContain("agents.json5");
  await expectAllThere([...outside, house.state("agents.json5")]);
});

test("F15 no openclaw.json and no OpenClaw installed: taken, and nothing is unresolved", async () => {
  const { house } = scene();
  await rm(house.state("openclaw.json"));
  house.env["PATH"] = "/nowhere";
  await scene().backup(0);
  await expectAllThere();
});

test("F15 the gateway was killed and never came back: taken, with its last words", async () => {
  const { house, made } = scene();
  const lock = { pid: 2 ** 22 - 1, port: 18789, startTime: 1 };
  await house.write("tmp/openclaw-0/gateway.state.lock", JSON.stringify(lock));
  const gateway = await connect(house.state("state/openclaw.sqlite"), process.getuid?.() ?? 0);
  await gateway.run(
    "PRAGMA wal_autocheckpoint = 0; INSERT INTO cron_jobs VALUES ('last words', '{}')",
  );
  await gateway.kill();
  house.env["PATH"] = "/nowhere";
  await scene().backup(0);
  const copy = await scene().restore();
  for (const path of made.databases) expectSameRows(house.state(path), copy.state(path));
});
