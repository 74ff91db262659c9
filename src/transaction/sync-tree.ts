import { spawn } from "node:child_process";
import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { syncDirectory } from "../fs/directories.ts";
import { below, bytesOf, readable, type RawPath } from "./raw-path.ts";

/** Makes everything below a directory durable: its file system at once where the system can. */
export async function syncTree(directory: RawPath): Promise<void> {
  if (process.platform === "linux" && (await syncFileSystem(readable(directory)))) return;
  await syncEach(directory);
}

/** syncfs(2), by coreutils. */
function syncFileSystem(directory: string): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn("sync", ["--file-system", directory], { stdio: "ignore" });
    child.once("error", () => done(false));
    child.once("close", (code) => done(code === 0));
  });
}

async function syncEach(directory: RawPath): Promise<void> {
  for (const entry of readdirSync(bytesOf(directory), {
    withFileTypes: true,
    encoding: "latin1",
  })) {
    const path = below(directory, entry.name);
    if (entry.isDirectory()) await syncEach(path);
    else if (entry.isFile()) syncFile(path);
  }
  await setImmediate();
  await syncDirectory(bytesOf(directory));
}

function syncFile(path: RawPath): void {
  const file = openSync(bytesOf(path), "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
