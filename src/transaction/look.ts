import { lstatSync, type BigIntStats } from "node:fs";
import { errno } from "../errors.ts";
import { bytesOf, type RawPath } from "./raw-path.ts";

/** What stands at a path. Its inode number stays when it is renamed, and after a reboot. */
export interface Seen {
  ino: string;
  /** Means something only while nothing is mounted anew: compare it with another one of now. */
  dev: string;
  stat: BigIntStats;
}

/** What stands there, links not followed; undefined: nothing. */
export function look(path: RawPath): Seen | undefined {
  try {
    const stat = lstatSync(bytesOf(path), { bigint: true });
    return { ino: String(stat.ino), dev: String(stat.dev), stat };
  } catch (error) {
    if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

export function isDirectory(path: RawPath): boolean {
  return look(path)?.stat.isDirectory() === true;
}
