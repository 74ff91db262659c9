import { test } from "vitest";
import { killBackups, SEED } from "../repository/killing.ts";

test(`a backup killed at 20 random moments leaves a whole repository (seed ${SEED})`, () =>
  killBackups(20));
