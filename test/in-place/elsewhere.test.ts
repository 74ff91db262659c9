import { existsSync } from "node:fs";
import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { scenes } from "./scenes.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { planRestore } from "../../src/operations/in-place/plan.ts";
import { contextAt, contextOf, DEFAULTS, restoreInPlace, undo } from "./here.ts";

const scene = scenes();

test("nothing is there: the instance comes to another home, with its paths", async () => {
  const { house } = scene();
  await scene().backup();
  const home = join(house.root, "other");
  await mkdir(home);
  const context = contextAt(house.root, home, house.repository);
  const done = await restoreInPlace(context);
  const stateDir = join(home, ".openclaw");
  expect(done).toMatchObject({ target: stateDir, isNew: true, gateway: null });
  expect(done.mapped).toContainEqual({ from: house.home, to: home, automatic: true });
  expect(done.mapping?.remaining).toEqual([]);
  const config = await readFile(join(stateDir, "openclaw.json"), "utf8");
  expect(config).toContain(stateDir);
  expect(config).not.toContain(house.home);
  using database = new DatabaseSync(join(stateDir, "state/openclaw.sqlite"), { readOnly: true });
  const row = database.prepare("SELECT path FROM agent_databases").get();
  expect(row?.["path"]).toBe(join(stateDir, "agents/clawd/agent/openclaw-agent.sqlite"));
  expect((await lstat(join(stateDir, "openclaw.json"))).mode & 0o777).toBe(0o600);
  // The instance that it was taken of is another one.
  expect(existsSync(house.state("openclaw.json"))).toBe(true);
  await undo(context);
  expect(existsSync(stateDir)).toBe(false);
});

test("a second restore takes the place of the first one's undo", async () => {
  const { house } = scene();
  await scene().backup();
  const context = contextOf(house);
  await writeFile(house.state("workspace/first.md"), "1");
  await restoreInPlace(context, { safetySnapshot: true });
  await writeFile(house.state("workspace/second.md"), "2");
  await restoreInPlace(context);
  // `latest` was not the snapshot of what the first one had replaced.
  expect(existsSync(house.state("workspace/first.md"))).toBe(false);
  await undo(context);
  expect(existsSync(house.state("workspace/second.md"))).toBe(true);
  expect(existsSync(house.state("workspace/first.md"))).toBe(false);
});

test("a state directory that is named decides about the home, whoever runs it", async () => {
  const { house } = scene();
  await scene().backup();
  const other = join(house.root, "copy/.openclaw");
  const context = contextAt(house.root, join(house.root, "roots-home"), house.repository);
  const same = await planFor({ ...context, instance: { stateDir: house.stateDir } });
  expect(same).toMatchObject({ target: house.stateDir, mapped: [] });
  const copy = await planFor({ ...context, instance: { stateDir: other } });
  expect(copy.mapped[0]).toMatchObject({ from: house.home, to: join(house.root, "copy") });
});

async function planFor(context: OperationContext) {
  return (await planRestore(context, DEFAULTS)).document;
}
