import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../errors.ts";
import { freeBytes } from "../fs/space.ts";
import { alreadyExists, checkHandle } from "./names.ts";
import { resolveRange } from "./ranges.ts";
import type { ByteRange, FileHandle, FileInfo, FileType, Storage } from "./storage.ts";

/** What a snapshot consists of; nobody looks for it before the snapshot itself is there. */
const SPOOLED: ReadonlySet<FileType> = new Set(["pack", "index"]);

/** Bytes. Others write to that disk as well, first of all the gateway that is started again. */
const RESERVE = 1 << 30;

export interface DrainOptions {
  /** Throws when the repository's lock is lost: then nothing more is named. */
  assertHeld(): void;
  signal: AbortSignal;
}

/**
 * A storage that keeps new packs and index files on a disk nearby until `drain`: for a stretch in
 * which nothing may wait for an upload. When that disk is full, it goes on with the storage itself.
 */
export class SpooledStorage implements Storage {
  readonly location: string;
  readonly concurrency: number;
  readonly #inner: Storage;
  readonly #directory: string;
  /** Files by their place, with the bytes each has. */
  readonly #waiting = new Map<string, { handle: FileHandle; size: number }>();
  #spooling = true;

  /** @param directory a private one, which exists; whoever made it removes it */
  constructor(inner: Storage, directory: string) {
    this.location = inner.location;
    this.concurrency = inner.concurrency;
    this.#inner = inner;
    this.#directory = directory;
  }

  /**
   * Stores everything that waits, index files last; from here on nothing is kept back any more.
   *
   * @throws E_LOCK_LOST, E_INTERRUPTED, and whatever keeps the storage from taking it
   */
  async drain({ assertHeld, signal }: DrainOptions): Promise<void> {
    this.#spooling = false;
    const waiting = [...this.#waiting];
    const isIndex = ([, { handle }]: (typeof waiting)[number]) => handle.type === "index";
    const packs = waiting.filter((each) => !isIndex(each)).values();
    let failed = false;
    const runner = async () => {
      for (const [place, { handle }] of packs) {
        if (failed) return;
        signal.throwIfAborted();
        await this.#pass(place, handle);
      }
    };
    const guarded = () =>
      runner().catch((error: unknown) => {
        failed = true;
        throw error;
      });
    const outcomes = await Promise.allSettled(Array.from({ length: this.concurrency }, guarded));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    for (const [place, { handle }] of waiting.filter(isIndex)) {
      signal.throwIfAborted();
      assertHeld();
      await this.#pass(place, handle);
    }
  }

  async #pass(place: string, handle: FileHandle): Promise<void> {
    await this.#inner.save(handle, await readFile(place));
    this.#waiting.delete(place);
    await rm(place);
  }

  async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    if (!this.#spooling || !SPOOLED.has(handle.type)) return await this.#inner.save(handle, data);
    const place = this.#place(handle);
    if ((await freeBytes(this.#directory)) < data.length + RESERVE) {
      return await this.#inner.save(handle, data);
    }
    try {
      await writeFile(place, data, { mode: 0o600, flag: "wx" });
      this.#waiting.set(place, { handle, size: data.length });
    } catch (error) {
      if (errno(error) === "EEXIST") throw alreadyExists(handle);
      if (errno(error) !== "ENOSPC" && errno(error) !== "EDQUOT") throw error;
      await rm(place, { force: true });
      await this.#inner.save(handle, data);
    }
  }

  async load(handle: FileHandle, range?: ByteRange): Promise<Uint8Array> {
    const place = this.#place(handle);
    if (!this.#waiting.has(place)) return await this.#inner.load(handle, range);
    const bytes = await readFile(place);
    const { offset, length } = resolveRange(handle, bytes.length, range);
    return bytes.subarray(offset, offset + length);
  }

  async stat(handle: FileHandle): Promise<FileInfo> {
    const waiting = this.#waiting.get(this.#place(handle));
    return waiting === undefined
      ? await this.#inner.stat(handle)
      : { name: handle.name, size: waiting.size };
  }

  async *list(type: FileType): AsyncIterable<FileInfo> {
    // As they were when asked: a caller that saves while it lists must come to an end.
    const waiting = [...this.#waiting.values()];
    for (const { handle, size } of waiting) {
      if (handle.type === type) yield { name: handle.name, size };
    }
    yield* this.#inner.list(type);
  }

  async remove(handle: FileHandle): Promise<void> {
    const place = this.#place(handle);
    if (!this.#waiting.delete(place)) return await this.#inner.remove(handle);
    await rm(place, { force: true });
  }

  create(): Promise<void> {
    return this.#inner.create();
  }

  /** The storage itself stays whoever's it was. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #place(handle: FileHandle): string {
    checkHandle(handle);
    const { type, name } = handle;
    return join(this.#directory, `${type}-${name}`);
  }
}
