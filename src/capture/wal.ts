import { fstatSync } from "node:fs";
import { isPageSize } from "./header.ts";
import { readFully } from "./read.ts";

const HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
const VERSION = 3007000;
const MAGIC_LITTLE = 0x377f0682;
const MAGIC_BIG = 0x377f0683;
const READ_SIZE = 256 << 10;

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
  /** The log's first 32 bytes: salts and a checksum. They change when a writer starts it anew. */
  header: Buffer;
}

/** Two running 32-bit sums, as signed integers. */
type Checksum = readonly [number, number];

/**
 * Reads a write-ahead log as SQLite's recovery does (https://sqlite.org/fileformat2.html, 4).
 * Frames count while they carry the header's salts and continue its checksum; what follows the
 * last commit was never committed, or stems from an earlier turn of the log.
 *
 * What was read once is not read again: committed frames stay as they are until the log is started
 * anew, which its header shows.
 */
export class WalReader {
  readonly #fd: number;
  #header: Buffer | undefined;
  #wal: WalContents | undefined;
  #swap = false;
  /** The checksum after the last commit. */
  #sum: Checksum = [0, 0];
  /** Holds whole frames. */
  #buffer = Buffer.alloc(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Reads on to the last commit that there is now.
   *
   * @returns what the log holds; undefined when that is no committed transaction
   */
  advance(): WalContents | undefined {
    const header = readWalHeader(this.#fd);
    if (!sameBytes(header, this.#header)) this.#startAnew(header);
    if (this.#wal !== undefined) this.#readFrames(this.#wal);
    return this.contents;
  }

  /** What the last `advance()` returned. */
  get contents(): WalContents | undefined {
    return this.#wal?.frames ? this.#wal : undefined;
  }

  /** Whether the log was started anew since the last `advance()`. */
  get isStale(): boolean {
    return !sameBytes(this.#header, readWalHeader(this.#fd));
  }

  #startAnew(header: Buffer | undefined): void {
    this.#header = header;
    this.#wal = undefined;
    if (header === undefined) return;
    const magic = header.readUInt32BE(0);
    const pageSize = header.readUInt32BE(8);
    if (magic !== MAGIC_LITTLE && magic !== MAGIC_BIG) return;
    if (header.readUInt32BE(4) !== VERSION || !isPageSize(pageSize)) return;
    this.#swap = magic === MAGIC_BIG;
    this.#sum = checksum([0, 0], words(header, 0, 24), this.#swap);
    if (this.#sum[0] !== header.readInt32BE(24) || this.#sum[1] !== header.readInt32BE(28)) return;
    this.#wal = { pageSize, pages: new Map(), pageCount: 0, frames: 0, header };
    const length = Math.ceil(READ_SIZE / frameSizeOf(pageSize)) * frameSizeOf(pageSize);
    if (this.#buffer.length !== length) this.#buffer = Buffer.from(new ArrayBuffer(length));
  }

  #readFrames(wal: WalContents): void {
    const frameSize = frameSizeOf(wal.pageSize);
    const buffer = this.#buffer;
    const end = fstatSync(this.#fd).size;
    let sum = this.#sum;
    let seen = wal.frames;
    let uncommitted: Array<readonly [page: number, offset: number]> = [];
    for (let at = HEADER_SIZE + seen * frameSize; at + frameSize <= end; at += buffer.length) {
      const got = readFully(this.#fd, buffer, at);
      for (let start = 0; start + frameSize <= got; start += frameSize) {
        const page = buffer.readUInt32BE(start);
        const sameSalts = buffer.compare(wal.header, 16, 24, start + 8, start + 16) === 0;
        if (page === 0 || !sameSalts) return;
        sum = checksum(sum, words(buffer, start, 8), this.#swap);
        sum = checksum(sum, words(buffer, start + FRAME_HEADER_SIZE, wal.pageSize), this.#swap);
        if (sum[0] !== buffer.readInt32BE(start + 16)) return;
        if (sum[1] !== buffer.readInt32BE(start + 20)) return;
        seen += 1;
        uncommitted.push([page, at + start + FRAME_HEADER_SIZE]);
        const commit = buffer.readUInt32BE(start + 4);
        if (commit === 0) continue;
        for (const [number, offset] of uncommitted) wal.pages.set(number, offset);
        uncommitted = [];
        wal.pageCount = commit;
        wal.frames = seen;
        this.#sum = sum;
      }
      if (got < buffer.length) return;
    }
  }
}

/** The log's first 32 bytes, or undefined when it is shorter. */
function readWalHeader(fd: number): Buffer | undefined {
  const header = Buffer.from(new ArrayBuffer(HEADER_SIZE));
  return readFully(fd, header, 0) === HEADER_SIZE ? header : undefined;
}

function frameSizeOf(pageSize: number): number {
  return FRAME_HEADER_SIZE + pageSize;
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
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
