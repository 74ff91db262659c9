import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const PROGRAM = fileURLToPath(new URL("programs/mounted.ts", import.meta.url));
const UNSHARE = [
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--mount",
  "--propagation",
  "private",
];

/** Some containers and some systems let nobody make a namespace. */
export const canMount =
  spawnSync("unshare", [...UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** Runs `programs/mounted.ts` in a mount namespace of its own. */
export function amongMounts(what: string, root: string): unknown {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", PROGRAM, what, root];
  const { status, stdout, stderr } = spawnSync("unshare", [...UNSHARE, ...node], {
    encoding: "utf8",
  });
  expect(stderr, stderr).toBe("");
  expect(status).toBe(0);
  return JSON.parse(stdout);
}
