import { test } from "vitest";
import { killBackups, SEED } from "./killing.ts";

// Twenty of them: test/long/kill.test.ts.
test(
  `a backup killed at 5 random moments leaves a whole repository (seed ${SEED})`,
  { timeout: 300_000 },
  () => killBackups(5),
);
