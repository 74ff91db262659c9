import { closeSync, constants, openSync, readSync } from "node:fs";
import { isSqliteHeader } from "../capture/database.ts";

/**
 * Whether a file is a SQLite database by its header.
 *
 * @throws the file system's error when it cannot be opened or read
 */
export function beginsAsDatabase(path: Buffer): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const header = Buffer.alloc(16);
    return isSqliteHeader(header.subarray(0, readSync(fd, header, 0, header.length, 0)));
  } finally {
    closeSync(fd);
  }
}

/** The same, false for what cannot be read. */
export function isDatabaseFile(path: Buffer): boolean {
  try {
    return beginsAsDatabase(path);
  } catch {
    return false;
  }
}
