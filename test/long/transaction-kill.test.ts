import { describe, test } from "vitest";
import { assertReplaced, assertTakenBack, assertWhole } from "../transaction/claims.ts";
import { assertScenario, canMount } from "../transaction/in-namespace.ts";
import { assertSurvivesKills } from "../transaction/killing.ts";

test("killed at every step: wholly old, or wholly new, and what is new can be undone", () =>
  assertSurvivesKills(1));

test("cut off at a random step of random replacements, and again while it is mended", () =>
  assertWhole(2000));

test("random trees there, and back, and forth again", async () => {
  await assertReplaced(300);
  await assertTakenBack(300);
});

describe.skipIf(!canMount)("with mounts (skipped without root and a mount namespace)", () => {
  test("cut off at every step", () => assertScenario("cut off at every so many steps", "1"));
});
