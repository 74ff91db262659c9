import { defineConfig } from "vitest/config";

/** What takes minutes or gigabytes: test/long, one file at a time. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    passWithNoTests: true,
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
