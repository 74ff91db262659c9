import { type BigIntStats, closeSync, constants, fstatSync, readSync } from "node:fs";
import type { RabinChunker } from "../chunker/rabin.ts";
import type { FileStat, FileTask } from "./archive-job.ts";
import { DirectReader, openForReading } from "./reading.ts";
import { isZero, ZERO_CHUNK } from "./zero-chunk.ts";

/** The largest chunk that the content-defined chunker makes, and the smallest. */
const MAX_CHUNK = 8 << 20;
const MIN_CHUNK = 512 << 10;
/** Bytes of one read: what is hashed and compressed next is still in the processor's cache. */
const READ_SIZE = 512 << 10;
/** One buffer a thread, read into again and again, with room for the largest chunk. */
const BUFFER_SIZE = MAX_CHUNK + READ_SIZE;
/** Bytes from which on it matters how holes are read. */
const LARGE = 16n << 20n;
/** A file of more chunks than this (1 TiB of holes, some 3 TiB of data) has a list of them that is too long to handle. */
const MAX_CHUNKS = 2 ** 21;
const SQLITE_HEADER = Buffer.from("SQLite format 3\0", "latin1");

/** Opens files one at a time and cuts them into chunks, all in one buffer. */
export class FileChunks {
  readonly #chunker: RabinChunker;
  readonly #buffer = Buffer.from(new ArrayBuffer(BUFFER_SIZE));

  constructor(chunker: RabinChunker) {
    this.#chunker = chunker;
  }

  /**
   * Opens a file for reading. What it is to give is fixed now: as many bytes as it has at this
   * moment, so that a file which grows for ever is taken as a prefix and ends.
   *
   * @returns undefined when the task refuses databases and this is one
   * @throws system errors; ELOOP when a link, EINVAL when something else has taken its place, EFBIG
   *   when it has too many chunks (as may `next`)
   */
  open(task: FileTask): OpenFile | undefined {
    this.#chunker.reset();
    const path = typeof task.path === "string" ? task.path : Buffer.from(task.path);
    const fd = openForReading(path, constants.O_NOFOLLOW);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) {
        throw Object.assign(new Error("it is no longer a regular file"), { code: "EINVAL" });
      }
      if (leastChunks(stat) > MAX_CHUNKS) throw tooManyChunks();
      const file = new OpenFile(fd, task, stat, this.#buffer, this.#chunker);
      if (!task.refuseDatabases || !file.beginsWith(SQLITE_HEADER)) return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }
}

/** A file that is being cut. */
export class OpenFile implements Disposable {
  readonly #fd: number;
  readonly #task: FileTask;
  readonly #opened: BigIntStats;
  readonly #buffer: Buffer;
  readonly #chunker: RabinChunker;
  readonly #direct: DirectReader | undefined;
  #chunks = 0;
  /** Where the next read begins, and where reading ends. */
  #position: number;
  #limit: number;
  /** The bytes in hand: `buffer[start, end)`. */
  #start = 0;
  #end = 0;

  constructor(
    fd: number,
    task: FileTask,
    opened: BigIntStats,
    buffer: Buffer,
    chunker: RabinChunker,
  ) {
    this.#fd = fd;
    this.#task = task;
    this.#opened = opened;
    this.#buffer = buffer;
    this.#chunker = chunker;
    this.#position = task.range?.offset ?? 0;
    this.#limit = task.range ? task.range.offset + task.range.length : Number(opened.size);
    this.#direct = isSparse(opened) ? DirectReader.of(fd, READ_SIZE) : undefined;
  }

  beginsWith(magic: Uint8Array): boolean {
    this.#fill(magic.length);
    return (
      this.#end - this.#start >= magic.length &&
      this.#buffer.compare(magic, 0, magic.length, this.#start, this.#start + magic.length) === 0
    );
  }

  /** The next chunk, a view that the next call overwrites, or `ZERO_CHUNK`; undefined at the end. */
  next(): Uint8Array | undefined {
    const { pageChunk } = this.#task;
    if (this.#end === this.#start) this.#fill(1);
    if (this.#end === this.#start) return undefined;
    if (++this.#chunks > MAX_CHUNKS) throw tooManyChunks();
    if (pageChunk === undefined && this.#skipZeroChunk()) return ZERO_CHUNK;
    let length = pageChunk === undefined ? this.#cut() : this.#page(pageChunk);
    while (length < 0) {
      this.#fill(this.#end - this.#start + 1);
      length = this.#cut();
    }
    const chunk = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return chunk;
  }

  /** Goes past a chunk of zeros, which need not be searched for its end. @returns whether there was one */
  #skipZeroChunk(): boolean {
    const size = ZERO_CHUNK.length;
    const inHand = Math.min(this.#end - this.#start, size);
    if (!isZero(this.#buffer.subarray(this.#start, this.#start + inHand))) return false;
    if (inHand < size) {
      this.#fill(size);
      const rest = this.#buffer.subarray(this.#start + inHand, this.#start + size);
      if (this.#end - this.#start < size || !isZero(rest)) return false;
    }
    this.#start += size;
    return true;
  }

  #page(pageChunk: number): number {
    this.#fill(pageChunk);
    return Math.min(pageChunk, this.#end - this.#start);
  }

  /** Where the chunker cuts; negative when it must see more. */
  #cut(): number {
    const last = this.#position >= this.#limit;
    const available = this.#end - this.#start;
    if (last && available <= MIN_CHUNK) return available;
    return this.#chunker.next(this.#buffer, this.#start, this.#end, last);
  }

  /** After the last chunk: how much was read, and whether the file stayed as it was meanwhile. */
  finish(): { size: number; stat: FileStat | undefined; changed: boolean } {
    const { seen, range } = this.#task;
    const opened = pick(this.#opened);
    const after = pick(fstatSync(this.#fd, { bigint: true }));
    return {
      size: this.#position - (range?.offset ?? 0),
      stat: seen === undefined || sameStat(seen, opened) ? undefined : opened,
      changed: !sameStat(opened, after),
    };
  }

  [Symbol.dispose](): void {
    this.#direct?.close();
    closeSync(this.#fd);
  }

  /** Reads on until `wanted` bytes are in hand, or the file is at its end. */
  #fill(wanted: number): void {
    if (this.#end - this.#start >= wanted || this.#position >= this.#limit) return;
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#position < this.#limit && this.#end < this.#buffer.length) {
      const room = Math.min(
        READ_SIZE,
        this.#buffer.length - this.#end,
        this.#limit - this.#position,
      );
      const target = this.#buffer.subarray(this.#end, this.#end + room);
      const read =
        this.#direct?.read(target, this.#position) ??
        readSync(this.#fd, target, 0, room, this.#position);
      // Cut off behind our back: what is there is what we take.
      if (read === 0) this.#limit = this.#position;
      this.#position += read;
      this.#end += read;
      if (this.#end >= wanted) return;
    }
  }
}

/** Whether much of a large file takes no room on its disk. A hint: file systems have their own ways to count. */
function isSparse({ size, blocks }: BigIntStats): boolean {
  return size >= LARGE && blocks * 512n < size / 2n;
}

function leastChunks(stat: BigIntStats): number {
  if (!isSparse(stat)) return Number(stat.size) / MAX_CHUNK;
  return Number(stat.size - stat.blocks * 512n) / ZERO_CHUNK.length;
}

function tooManyChunks(): Error {
  const message = "it is too large to be one file of a snapshot";
  return Object.assign(new Error(message), { code: "EFBIG" });
}

function pick({ size, mtimeNs, ctimeNs, ino }: FileStat): FileStat {
  return { size, mtimeNs, ctimeNs, ino };
}

/** Whether two looks saw the same file in the same state. */
function sameStat(a: FileStat, b: FileStat): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}
