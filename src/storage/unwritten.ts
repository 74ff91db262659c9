import type { ByteRange, FileHandle, FileInfo, FileType, Storage } from "./storage.ts";

/** What a backup adds to a repository. Locks still count: others must see that somebody reads. */
const UNWRITTEN: ReadonlySet<FileType> = new Set(["pack", "index", "snapshot"]);

/**
 * A storage for dry runs: what would be stored is taken and forgotten, so that everything before it
 * is done as in earnest.
 */
export class UnwrittenStorage implements Storage {
  readonly location: string;
  readonly concurrency: number;
  readonly #inner: Storage;

  constructor(inner: Storage) {
    this.location = inner.location;
    this.concurrency = inner.concurrency;
    this.#inner = inner;
  }

  async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    if (!UNWRITTEN.has(handle.type)) await this.#inner.save(handle, data);
  }

  load(handle: FileHandle, range?: ByteRange): Promise<Uint8Array> {
    return this.#inner.load(handle, range);
  }

  stat(handle: FileHandle): Promise<FileInfo> {
    return this.#inner.stat(handle);
  }

  list(type: FileType): AsyncIterable<FileInfo> {
    return this.#inner.list(type);
  }

  remove(handle: FileHandle): Promise<void> {
    return this.#inner.remove(handle);
  }

  create(): Promise<void> {
    return this.#inner.create();
  }

  /** The storage itself stays whoever's it was. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
