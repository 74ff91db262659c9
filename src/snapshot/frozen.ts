import type { BigIntStats } from "node:fs";

/** A directory as it was at one moment, its files copied aside. */
export interface FrozenDirectory {
  entries: FrozenEntry[];
}

export interface FrozenEntry {
  name: Buffer;
  /** What `lstat` saw of the original. */
  stat: BigIntStats;
  /** Of a link. */
  linktarget?: Buffer;
  /** Path of the copy of a regular file; without one (a database) the original is read. */
  content?: string;
  /** What is in a directory; without it the directory is listed where it is. */
  directory?: FrozenDirectory;
}
