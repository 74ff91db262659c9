import { closeSync, openSync } from "node:fs";
import { readFully, writeFully } from "./read.ts";
import type { WalContents } from "./wal.ts";

const CHUNK_SIZE = 4 << 20;

/** A log's committed pages, and the descriptor they are read from. */
export interface Overlay {
  fd: number;
  wal: WalContents;
}

/**
 * Copies a database file, each page that the log holds taken from there, byte for byte as SQLite
 * would see it. With a log the copy is as long as its last commit says: a main file that is not
 * yet so long is filled up with zeros, a longer one is cut.
 *
 * @param size bytes to copy from the main file when there is no log
 * @returns bytes written
 */
export function copyDatabase(
  mainFd: number,
  size: number,
  overlay: Overlay | undefined,
  destination: string,
): number {
  const total = overlay ? overlay.wal.pageCount * overlay.wal.pageSize : size;
  const fresh = overlay === undefined ? [] : [...overlay.wal.pages].toSorted((a, b) => a[0] - b[0]);
  const out = openSync(destination, "wx", 0o600);
  try {
    const buffer = Buffer.alloc(Math.min(CHUNK_SIZE, total));
    let next = 0;
    for (let at = 0; at < total; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, total - at));
      chunk.fill(0, readFully(mainFd, chunk, at));
      if (overlay !== undefined) next = overlayChunk(chunk, at, overlay, fresh, next);
      writeFully(out, chunk, at);
    }
  } finally {
    closeSync(out);
  }
  return total;
}

/** Patches the pages of one chunk; returns the first of `fresh` that lies beyond it. */
function overlayChunk(
  chunk: Buffer,
  at: number,
  { fd, wal }: Overlay,
  fresh: ReadonlyArray<readonly [page: number, offset: number]>,
  from: number,
): number {
  for (let i = from; i < fresh.length; i += 1) {
    const [page, offset] = fresh[i] as readonly [number, number];
    const start = (page - 1) * wal.pageSize - at;
    if (start >= chunk.length) return i;
    readFully(fd, chunk.subarray(start, start + wal.pageSize), offset);
  }
  return fresh.length;
}

/** Copies `size` bytes of an open file as they are; returns `size`. */
export function copyBytes(fd: number, size: number, destination: string): number {
  return copyDatabase(fd, size, undefined, destination);
}
