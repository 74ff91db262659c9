import { createHash } from "node:crypto";
import { readdir, readFile, lstat } from "node:fs/promises";
import { join, relative } from "node:path";

/** A file as it can be told from another: SHA-256, permissions, time of change. */
export interface Fingerprint {
  hash: string;
  /** Permission bits. */
  mode: number;
  /** Nanoseconds since the epoch. */
  mtime: bigint;
  /** Bytes. */
  size: number;
}

/**
 * Every regular file below a directory, by absolute path, without what a writer changes by the
 * second: databases and what SQLite keeps beside them.
 *
 * @param skipped directories below `root` that are not entered
 */
export async function fingerprints(
  root: string,
  skipped: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Fingerprint>> {
  const found = new Map<string, Fingerprint>();
  for (const path of await filesBelow(root)) {
    signal.throwIfAborted();
    const way = relative(root, path);
    if (/\.sqlite(-\w+)?$/.test(path)) continue;
    if (skipped.some((directory) => way.startsWith(`${directory}/`))) continue;
    const { mode, mtimeNs } = await lstat(path, { bigint: true });
    const content = await readFile(path);
    const hash = createHash("sha256").update(content).digest("hex");
    found.set(path, { hash, mode: Number(mode) & 0o777, mtime: mtimeNs, size: content.length });
  }
  return found;
}

/** Every regular file below a directory, absolute. */
export async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What is not as it was: one clause for each file. */
export function differences(
  before: ReadonlyMap<string, Fingerprint>,
  after: ReadonlyMap<string, Fingerprint>,
): string[] {
  const found: string[] = [];
  for (const [path, was] of before) {
    const is = after.get(path);
    if (is === undefined) found.push(`${path} is missing`);
    else if (is.hash !== was.hash) found.push(`${path} has other content`);
    else if (is.mode !== was.mode) found.push(`${path} has other permissions`);
    else if (!isSameTime(is.mtime, was.mtime)) found.push(`${path} has another time`);
  }
  for (const path of after.keys()) if (!before.has(path)) found.push(`${path} was never there`);
  return found;
}

/** To the microsecond: Node hands times on as floating-point seconds, which are no finer. */
function isSameTime(a: bigint, b: bigint): boolean {
  return a - b <= 1000n && b - a <= 1000n;
}
