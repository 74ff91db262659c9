import { alreadyExists, checkHandle, notFound } from "./names.ts";
import { resolveRange } from "./ranges.ts";
import type { ByteRange, FileHandle, FileInfo, FileType, Storage } from "./storage.ts";

/** A storage that lasts as long as the process: for tests and dry runs. */
export class MemoryStorage implements Storage {
  readonly location = "memory:";
  readonly concurrency = 8;
  readonly #files = new Map<string, Uint8Array>();

  async create(): Promise<void> {}

  async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    const key = keyOf(handle);
    if (this.#files.has(key)) throw alreadyExists(handle);
    this.#files.set(key, Uint8Array.from(data));
  }

  async load(handle: FileHandle, range?: ByteRange): Promise<Uint8Array> {
    const data = this.#find(handle);
    const { offset, length } = resolveRange(handle, data.length, range);
    return data.slice(offset, offset + length);
  }

  async stat(handle: FileHandle): Promise<FileInfo> {
    return { name: handle.name, size: this.#find(handle).length };
  }

  async *list(type: FileType): AsyncIterable<FileInfo> {
    const prefix = `${type}/`;
    // As they were when asked: a caller that saves while it lists must come to an end.
    const files = [...this.#files];
    for (const [key, { length }] of files) {
      if (key.startsWith(prefix)) yield { name: key.slice(prefix.length), size: length };
    }
  }

  async remove(handle: FileHandle): Promise<void> {
    this.#find(handle);
    this.#files.delete(keyOf(handle));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #find(handle: FileHandle): Uint8Array {
    const data = this.#files.get(keyOf(handle));
    if (data === undefined) throw notFound(handle);
    return data;
  }
}

function keyOf(handle: FileHandle): string {
  checkHandle(handle);
  return `${handle.type}/${handle.name}`;
}
