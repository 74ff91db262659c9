import { closeSync, constants, fstatSync, openSync, rmSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { errno } from "../errors.ts";
import { readFully, writeFully } from "./read.ts";

const CHUNK_SIZE = 1 << 20;

/**
 * Copies a regular file, as long as it is now, into a new 0600 file.
 *
 * @param seen what `lstat` said of it: should another file have come in its place, it is not copied
 * @returns false when it cannot be read, or there is no room
 */
export function copyRegular(path: Buffer, seen: BigIntStats, destination: string): boolean {
  const fds: number[] = [];
  const opened = (fd: number) => {
    fds.push(fd);
    return fd;
  };
  try {
    // No link is followed, and a pipe that came in the file's place is not waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const from = opened(openSync(path, flags));
    const { dev, ino, size } = fstatSync(from, { bigint: true });
    if (dev !== seen.dev || ino !== seen.ino) return false;
    const to = opened(openSync(destination, "wx", 0o600));
    const buffer = Buffer.alloc(Math.min(CHUNK_SIZE, Number(size)));
    for (let at = 0; at < size; at += buffer.length) {
      const chunk = buffer.subarray(0, Number(size) - at);
      const got = readFully(from, chunk, at);
      writeFully(to, chunk.subarray(0, got), at);
      if (got < chunk.length) break;
    }
    return true;
  } catch (error) {
    if (errno(error) === undefined) throw error;
    rmSync(destination, { force: true });
    return false;
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
