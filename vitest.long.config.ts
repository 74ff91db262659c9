import { defineConfig } from "vitest/config";

/** What takes minutes or gigabytes: test/long, two files at a time. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    passWithNoTests: true,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
