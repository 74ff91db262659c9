import { describe, test } from "vitest";
import { assertScenario, canMount } from "../transaction/in-namespace.ts";
import { assertSurvivesKills } from "../transaction/killing.ts";

describe.skipIf(!canMount)("on a small disk (skipped without root and a mount namespace)", () => {
  test("F32: the disk is full when trees are to be exchanged: everything is as it was", () =>
    assertScenario("a full disk"));
});

// At every step: test/long/transaction-kill.test.ts.
test("F32: the power goes half-way through a swap: wholly old, or wholly new, and undone", () =>
  assertSurvivesKills(25));
