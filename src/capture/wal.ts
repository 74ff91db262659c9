import { fstatSync } from "node:fs";
import { isPageSize } from "./header.ts";
import { readFully } from "./read.ts";

const HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
const VERSION = 3007000;
const MAGIC_LITTLE = 0x377f0682;
const MAGIC_BIG = 0x377f0683;
const READ_SIZE = 2 << 20;

/** What a write-ahead log adds to its database: every transaction that is whole in it. */
export interface WalContents {
  /** Bytes. */
  pageSize: number;
  /** Page number (from 1) → offset of its newest committed bytes in the log. */
  pages: Map<number, number>;
  /** The database's length in pages after the last commit. */
  pageCount: number;
  /** Frames up to and including the last commit. */
  frames: number;
  /** The log's first 32 bytes. They change when a writer starts the log anew. */
  header: Buffer;
}

/** Two running 32-bit sums, as signed integers. */
type Checksum = readonly [number, number];

/**
 * Reads a write-ahead log as SQLite's recovery does (https://sqlite.org/fileformat2.html, 4).
 * Frames count while they carry the header's salts and continue its checksum; what follows the
 * last commit was never committed, or stems from an earlier turn of the log.
 *
 * @returns undefined when the log holds no committed transaction
 */
export function readWal(fd: number): WalContents | undefined {
  const header = readWalHeader(fd);
  if (header === undefined) return undefined;
  const magic = header.readUInt32BE(0);
  const pageSize = header.readUInt32BE(8);
  if (magic !== MAGIC_LITTLE && magic !== MAGIC_BIG) return undefined;
  if (header.readUInt32BE(4) !== VERSION || !isPageSize(pageSize)) return undefined;
  const swap = magic === MAGIC_BIG;
  let sum = checksum([0, 0], words(header, 0, 24), swap);
  if (sum[0] !== header.readInt32BE(24) || sum[1] !== header.readInt32BE(28)) return undefined;

  const wal: WalContents = { pageSize, pages: new Map(), pageCount: 0, frames: 0, header };
  const frameSize = FRAME_HEADER_SIZE + pageSize;
  const buffer = Buffer.from(new ArrayBuffer(Math.ceil(READ_SIZE / frameSize) * frameSize));
  const end = fstatSync(fd).size;
  let uncommitted: Array<readonly [page: number, offset: number]> = [];
  let seen = 0;
  for (let at = HEADER_SIZE; at + frameSize <= end; at += buffer.length) {
    const got = readFully(fd, buffer, at);
    for (let start = 0; start + frameSize <= got; start += frameSize) {
      const page = buffer.readUInt32BE(start);
      const sameSalts = buffer.compare(header, 16, 24, start + 8, start + 16) === 0;
      if (page === 0 || !sameSalts) return committed(wal);
      sum = checksum(sum, words(buffer, start, 8), swap);
      sum = checksum(sum, words(buffer, start + FRAME_HEADER_SIZE, pageSize), swap);
      if (sum[0] !== buffer.readInt32BE(start + 16) || sum[1] !== buffer.readInt32BE(start + 20)) {
        return committed(wal);
      }
      seen += 1;
      uncommitted.push([page, at + start + FRAME_HEADER_SIZE]);
      const commit = buffer.readUInt32BE(start + 4);
      if (commit === 0) continue;
      for (const [number, offset] of uncommitted) wal.pages.set(number, offset);
      uncommitted = [];
      wal.pageCount = commit;
      wal.frames = seen;
    }
    if (got < buffer.length) break;
  }
  return committed(wal);
}

/** The log's first 32 bytes, or undefined when it is shorter. */
export function readWalHeader(fd: number): Buffer | undefined {
  const header = Buffer.from(new ArrayBuffer(HEADER_SIZE));
  return readFully(fd, header, 0) === HEADER_SIZE ? header : undefined;
}

function committed(wal: WalContents): WalContents | undefined {
  return wal.frames > 0 ? wal : undefined;
}

function words(bytes: Buffer, offset: number, length: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset + offset, length / 4);
}

/** The machine is taken to be little-endian, as every one that Node 24 ships for but s390x and AIX. */
function checksum(from: Checksum, data: Int32Array, swap: boolean): Checksum {
  let [first, second] = from;
  for (let i = 0; i < data.length; i += 2) {
    let a = data[i] as number;
    let b = data[i + 1] as number;
    if (swap) {
      a = swapBytes(a);
      b = swapBytes(b);
    }
    first = (first + a + second) | 0;
    second = (second + b + first) | 0;
  }
  return [first, second];
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
