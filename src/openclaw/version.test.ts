import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeLayoutB, makeLayoutC } from "../../test/fixtures/instances.ts";
import { listChannels } from "./channels.ts";
import { readConfig } from "./config.ts";
import { findInstance } from "./find-instance.ts";
import { openclawVersion } from "./version.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-version-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function instanceIn(env: Record<string, string>) {
  const surroundings = { env, home, platform: "linux" as const };
  const instance = await findInstance(surroundings);
  return { surroundings, instance, config: await readConfig(instance, env) };
}

test("the installed release by way of the PATH, the recorded one by the configuration", async () => {
  await makeLayoutC(join(home, ".openclaw"));
  const program = join(home, "lib/node_modules/openclaw");
  await mkdir(join(program, "bin"), { recursive: true });
  await mkdir(join(home, "bin"));
  await writeFile(join(program, "openclaw.mjs"), "");
  await writeFile(join(program, "package.json"), '{"name":"openclaw","version":"2026.10.1"}');
  await symlink(join(program, "openclaw.mjs"), join(home, "bin/openclaw"));
  const env = { PATH: `/nowhere::${join(home, "bin")}` };
  const { instance, config } = await instanceIn(env);
  expect(await openclawVersion(instance, config, env)).toEqual({
    installed: "2026.10.1",
    recorded: "2026.9.6",
  });
});

test("F15 no OpenClaw installed, no configuration", async () => {
  await makeLayoutB(join(home, ".openclaw"));
  await rm(join(home, ".openclaw/openclaw.json"));
  await rm(join(home, ".openclaw/openclaw.json.bak"));
  const { instance, config } = await instanceIn({});
  expect(await openclawVersion(instance, config, {})).toEqual({
    installed: undefined,
    recorded: "2026.3.8",
  });
});

test("channels: configured ones, and sessions that lie on disk", async () => {
  const stateDir = join(home, ".openclaw");
  await makeLayoutC(stateDir);
  const { surroundings, instance, config } = await instanceIn({});
  const found = await listChannels(instance, config, surroundings);
  expect(found.map(({ channel, account, present }) => [channel, account, present])).toEqual([
    ["matrix", "bot", true],
    ["telegram", "default", true],
    ["telegram", "second", true],
    ["whatsapp", "default", true],
  ]);
  expect(found[2]?.where).toBe(join(stateDir, "telegram.token"));
  expect(found.at(-1)?.where).toBe(join(stateDir, "credentials/whatsapp/default/creds.json"));
});
