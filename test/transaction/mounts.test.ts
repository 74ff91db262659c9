import { describe, test } from "vitest";
import { assertScenario, canMount } from "./in-namespace.ts";

describe.skipIf(!canMount)("with mounts (skipped without root and a mount namespace)", () => {
  test.each([
    "there and back",
    "taken back although programs have worked in it",
    "a file that is mounted",
    "a read-only place",
    "an ordinary user and directories that may not be written",
  ])("%s", (scenario) => assertScenario(scenario));

  // At every step: test/long/transaction-kill.test.ts.
  test("cut off at every 12th step", () => assertScenario("cut off at every so many steps", "12"));
});
