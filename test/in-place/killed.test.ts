import { expect, test } from "vitest";
import { scenes } from "./scenes.ts";
import { restoreKilled, TwoStates } from "./killing.ts";

const scene = scenes();

test("killed half-way through the exchange: wholly old or wholly new, and undo works", async () => {
  const { house } = scene();
  await house.write("npm/plugin/index.js", "installed");
  await scene().backup();
  await house.write("workspace/later.md", "later");
  const states = await TwoStates.of(house, [house.stateDir]);
  // While it is built, and while it is exchanged.
  const found = new Set<string>();
  for (const step of ["3", "journal kept"]) {
    expect(restoreKilled(house, step)).toBeUndefined();
    found.add(await states.judge(`killed before ${step}`));
  }
  expect(restoreKilled(house, "journal swapped")).toBeUndefined();
  const { stderr, code } = await house.run("snapshots");
  expect(code).toBe(0);
  expect(stderr).toMatch(/restore in place of [0-9a-f]{8} .* was cut off: it was completed/u);
  expect((await house.run("snapshots")).stderr).toBe("");
  expect([...found].toSorted()).toEqual(["after", "before"]);
}, 120_000);
