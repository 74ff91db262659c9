import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { FrozenEntry } from "../snapshot/frozen.ts";

/** Small files that must be of the same moment as the databases: the configuration. */
export interface PinnedFile extends FrozenEntry {
  path: string;
  content: string;
  /** SHA-256 of its bytes. */
  hash: string;
}

/** Larger than any configuration; what is larger is read when its turn comes. */
const MAX_BYTES = 20 * 1024 * 1024;

/** Copies the files that are there and can be read; the rest is for the walk to tell about. */
export function pinFiles(paths: readonly string[], directory: string): PinnedFile[] {
  return paths.flatMap((path, i) => {
    try {
      const stat: BigIntStats = lstatSync(path, { bigint: true });
      if (!stat.isFile() || stat.size > MAX_BYTES) return [];
      const bytes = readFileSync(path);
      if (BigInt(bytes.length) !== stat.size) return [];
      const content = join(directory, `pinned-${i}`);
      writeFileSync(content, bytes, { mode: 0o600 });
      return [{ path, name: Buffer.from(basename(path)), stat, content, hash: sha256(bytes) }];
    } catch {
      return [];
    }
  });
}

/** Whether all of them still hold what they held, and none has come. */
export function arePinned(pins: readonly PinnedFile[], paths: readonly string[]): boolean {
  const known = new Map(pins.map(({ path, hash }) => [path, hash]));
  return paths.every((path) => known.get(path) === hashOf(path));
}

function hashOf(path: string): string | undefined {
  try {
    const info = lstatSync(path);
    return info.isFile() && info.size <= MAX_BYTES ? sha256(readFileSync(path)) : undefined;
  } catch {
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
