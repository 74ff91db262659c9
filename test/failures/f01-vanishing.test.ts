import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectSameState } from "../e2e/same-state.ts";
import { start } from "./program.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const CHURNING = "workspace/churning";
/** Some, since a file may vanish before it is looked at or before it is opened; more if none did. */
const ROUNDS = { least: 4, most: 15 };

test("F1 a file vanishes between listing and reading: noted, never fatal", async () => {
  const { house, made } = scene();
  await using churning = await start("churn", house.state(CHURNING));
  let vanished: string[] = [];
  let seen = 0;
  for (let round = 0; round < ROUNDS.most; round += 1) {
    if (round >= ROUNDS.least && seen > 0) break;
    await scene().backup(0);
    ({ vanished } = await scene().manifest());
    seen += vanished.length;
  }
  expect(seen).toBeGreaterThan(0);
  for (const path of vanished) expect(path.startsWith(house.state(CHURNING))).toBe(true);

  const copy = await scene().restore();
  // A directory that went away before it was listed is there, empty.
  const found = vanished.filter((path) => filesBelow(copy.at(path)).length > 0);
  expect(found).toEqual([]);
  for (const path of filesBelow(copy.state(CHURNING))) {
    expect(readFileSync(path, "utf8"), path).toMatch(/^(?<line>version \d+\n)\k<line>+$/u);
  }
  await churning.kill();
  for (const place of [house.stateDir, copy.stateDir]) empty(join(place, CHURNING));
  expectSameState(made, copy.stateDir);
});

/** The rest is to be compared, the time of this directory included. */
function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  utimesSync(directory, 0, 0);
}

/** Those that are not half-written; the path itself where it is a file. */
function filesBelow(directory: string): string[] {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return stat === undefined ? [] : [directory];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".new"))
    .map((entry) => join(entry.parentPath, entry.name));
}
