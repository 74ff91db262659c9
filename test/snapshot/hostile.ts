import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostileTree } from "./hostile-tree.ts";

/** Permissions do not bind root: whatever they are to bind runs as this user then. */
export const uid = process.getuid?.() === 0 ? 4321 : undefined;

/** A temporary directory of that user, in memory where there is such a place. */
export function hostileFolder(): Disposable & { path: string; at(...names: string[]): string } {
  const base = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = fs.mkdtempSync(join(base, "clawback-hostile-"));
  if (uid !== undefined) fs.chownSync(path, uid, uid);
  return {
    path,
    at: (...names) => join(path, ...names),
    // Node cannot: some paths in it are too long for any call.
    [Symbol.dispose]: () => {
      spawnSync("chmod", ["-R", "u+rwX", path], { stdio: "ignore" });
      spawnSync("rm", ["-rf", path], { stdio: "ignore" });
    },
  };
}

/** Runs a script beside this file as that user. @returns the document that it printed */
export function runScript<T>(script: string, ...args: string[]): T {
  const path = fileURLToPath(new URL(script, import.meta.url));
  // The one flag that the program sets itself.
  const argv = ["--semi-space-growth-factor=1", path, ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...(uid !== undefined && { uid, gid: uid }),
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

export function makeHostileTree(path: string, files: number): HostileTree {
  return runScript("hostile-tree.ts", path, String(files));
}

/** A program that appends to a file until the block ends. */
export function growForEver(path: string): Disposable {
  const script = `
    const fd = require("fs").openSync(process.argv[1], "a");
    setInterval(() => require("fs").writeSync(fd, "more\\n"), 1);
  `;
  const child = spawn(process.execPath, ["-e", script, path], { stdio: "ignore" });
  return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
}
