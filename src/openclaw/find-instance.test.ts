import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findInstance, findInstances } from "./find-instance.ts";
import type { InstanceQuery } from "./find-instance.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-find-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const query = (fields: Partial<InstanceQuery> = {}): InstanceQuery => {
  return { env: {}, home, platform: "linux", ...fields };
};

/** A state directory below the home, with a configuration unless told otherwise. */
async function state(name: string, config: string | null = "openclaw.json") {
  await mkdir(join(home, name), { recursive: true });
  if (config !== null) await writeFile(join(home, name, config), "{}");
  return join(home, name);
}

test("the default place", async () => {
  const stateDir = await state(".openclaw");
  expect(await findInstance(query())).toEqual({
    name: "default",
    stateDir,
    realStateDir: stateDir,
    configPath: join(stateDir, "openclaw.json"),
    home,
  });
});

test("F15 a state without a configuration is an instance", async () => {
  await mkdir(join(home, ".openclaw"));
  expect((await findInstance(query())).configPath).toBeUndefined();
});

test("the old name counts while there is no new one", async () => {
  const stateDir = await state(".clawdbot", "clawdbot.json");
  const found = await findInstance(query());
  expect(found).toMatchObject({ stateDir, configPath: join(stateDir, "clawdbot.json") });
  await state(".openclaw");
  expect((await findInstance(query())).stateDir).toBe(join(home, ".openclaw"));
});

test("a link keeps the name the user knows", async () => {
  const real = await state("data/oc");
  await symlink(real, join(home, ".openclaw"));
  const found = await findInstance(query());
  expect([found.stateDir, found.realStateDir]).toEqual([join(home, ".openclaw"), real]);
});

test("flag beats environment beats default", async () => {
  for (const name of [".openclaw", ".openclaw-work", "by-env", "by-flag", "other/.openclaw"]) {
    await state(name);
  }
  const env = { OPENCLAW_STATE_DIR: join(home, "by-env") };
  const other = { OPENCLAW_HOME: join(home, "other") };
  const cases: [Partial<InstanceQuery>, string][] = [
    [{}, ".openclaw"],
    [{ env: { OPENCLAW_STATE_DIR: "~/by-env" } }, "by-env"],
    [{ env: { OPENCLAW_STATE_DIR: "  " } }, ".openclaw"],
    [{ env: { OPENCLAW_HOME: "undefined" } }, ".openclaw"],
    [{ env: other }, "other/.openclaw"],
    [{ env: { OPENCLAW_HOME: "~/other" } }, "other/.openclaw"],
    [{ env: { ...other, ...env } }, "by-env"],
    [{ env: { OPENCLAW_PROFILE: "work" } }, ".openclaw"],
    [{ profile: "work" }, ".openclaw-work"],
    [{ profile: "default" }, ".openclaw"],
    [{ profile: "work", env }, ".openclaw-work"],
    [{ stateDir: "~/by-flag", env }, "by-flag"],
    [{ stateDir: join(home, "by-flag"), profile: "work", env }, "by-flag"],
  ];
  for (const [fields, expected] of cases) {
    const found = await findInstance(query(fields));
    expect([fields, found.stateDir]).toEqual([fields, join(home, expected)]);
  }
});

test("whose configuration OPENCLAW_CONFIG_PATH is", async () => {
  await state(".openclaw");
  await state(".openclaw-work");
  await state("bare", null);
  const env = { OPENCLAW_CONFIG_PATH: "~/elsewhere.json5" };
  const own = join(home, "elsewhere.json5");
  const configOf = async (fields: Partial<InstanceQuery>) =>
    (await findInstance(query({ env, ...fields }))).configPath;
  expect(await configOf({})).toBe(own);
  expect(await configOf({ profile: "work" })).toBe(join(home, ".openclaw-work/openclaw.json"));
  expect(await configOf({ stateDir: join(home, "bare") })).toBe(own);
  expect(await configOf({ configPath: "/given.json" })).toBe("/given.json");
  const all = await findInstances(query({ env }));
  expect(all.map(({ configPath }) => configPath)).toEqual([
    own,
    join(home, ".openclaw-work/openclaw.json"),
  ]);
});

test("all profiles are found; one alone is meant, several have to be picked from", async () => {
  await state(".openclaw-b");
  expect((await findInstance(query())).name).toBe("b");
  await state(".openclaw-a");
  await expect(findInstance(query())).rejects.toMatchObject({
    code: "E_NO_INSTANCE",
    hint: expect.stringContaining("--profile a, --profile b"),
  });
  await state(".openclaw");
  await state(".openclaw.update-captures");
  const names = (await findInstances(query())).map(({ name }) => name);
  expect(names).toEqual(["default", "a", "b"]);
});

test("nothing there: says where it looked", async () => {
  await expect(findInstance(query())).rejects.toMatchObject({
    code: "E_NO_INSTANCE",
    hint: expect.stringContaining(`${home}/.openclaw, ${home}/.clawdbot`),
  });
  const stateDir = join(home, "nowhere");
  await expect(findInstance(query({ stateDir }))).rejects.toMatchObject({
    hint: expect.stringContaining(stateDir),
  });
});
