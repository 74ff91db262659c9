import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const PROGRAM = fileURLToPath(new URL("mounts-program.ts", import.meta.url));
const UNSHARE = ["--mount", "--propagation", "private"];
/** What is made in there goes with the namespace. */
const SCRIPT = 'mount -t tmpfs tmpfs /dev/shm && chmod 1777 /dev/shm && exec "$@"';

/** Mounts of our own, that nobody else sees. */
export const canMount =
  process.getuid?.() === 0 &&
  spawnSync("unshare", [...UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** Runs a scenario of `mounts-program.ts`, which must end well. */
export function assertScenario(scenario: string, ...words: string[]): void {
  const folder = fs.mkdtempSync(join(tmpdir(), "clawback-mounts-"));
  try {
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", PROGRAM];
    const all = [...UNSHARE, "sh", "-c", SCRIPT, "sh", ...node, scenario, folder, ...words];
    const run = spawnSync("unshare", all, { encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
