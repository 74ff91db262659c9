import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { errno } from "../errors.ts";

/** What a look at a directory finds. */
export interface ListedEntry {
  name: Buffer;
  path: Buffer;
  stat: BigIntStats;
  linktarget?: Buffer;
  /** Of a directory that may be read. */
  entries?: ListedEntry[];
}

/**
 * Lists a directory and all below it, links not followed, names ascending by their bytes.
 *
 * @throws `EACCES` when it, or what is directly in it, may not be looked at: what is there is not
 * known then. What went meanwhile is passed over.
 */
export function listDirectory(directory: Buffer): ListedEntry[] {
  return readdirSync(directory, { encoding: "buffer" })
    .toSorted((a, b) => Buffer.compare(a, b))
    .flatMap((name) => {
      const path = Buffer.concat([directory, Buffer.from("/"), name]);
      return unless(["ENOENT", "ENOTDIR", "EINVAL"], () => entryAt(name, path)) ?? [];
    });
}

function entryAt(name: Buffer, path: Buffer): ListedEntry {
  const entry: ListedEntry = { name, path, stat: lstatSync(path, { bigint: true }) };
  if (entry.stat.isSymbolicLink()) entry.linktarget = readlinkSync(path, { encoding: "buffer" });
  if (entry.stat.isDirectory()) {
    const entries = unless(["ENOENT", "ENOTDIR", "EACCES", "EPERM"], () => listDirectory(path));
    if (entries !== undefined) entry.entries = entries;
  }
  return entry;
}

/** Everything that is listed, directories before what is in them. */
export function* everyEntry(entries: ListedEntry[]): Generator<ListedEntry> {
  for (const entry of entries) {
    yield entry;
    yield* everyEntry(entry.entries ?? []);
  }
}

/** Undefined when it fails for one of these reasons. */
function unless<T>(codes: readonly string[], look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (codes.includes(errno(error) ?? "")) return undefined;
    throw error;
  }
}
