import { ClawbackError } from "../../src/errors.ts";
import type { FileHandle, FileInfo, FileType, Storage } from "../../src/storage/storage.ts";

/** A storage that takes what is new, and refuses every delete and every second writing of a name. */
export class AppendOnlyStorage implements Storage {
  readonly location: string;
  readonly concurrency: number;
  readonly #inner: Storage;
  /** What it refused, as `method type`. */
  readonly refused: string[] = [];

  constructor(inner: Storage) {
    this.#inner = inner;
    this.location = inner.location;
    this.concurrency = inner.concurrency;
  }

  create(): Promise<void> {
    return this.#inner.create();
  }

  async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    const there = await this.#inner.stat(handle).catch(() => undefined);
    if (there !== undefined) this.#refuse("save", handle);
    return this.#inner.save(handle, data);
  }

  load(...args: Parameters<Storage["load"]>): Promise<Uint8Array> {
    return this.#inner.load(...args);
  }

  stat(handle: FileHandle): Promise<FileInfo> {
    return this.#inner.stat(handle);
  }

  list(type: FileType): AsyncIterable<FileInfo> {
    return this.#inner.list(type);
  }

  async remove(handle: FileHandle): Promise<void> {
    this.#refuse("remove", handle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #refuse(method: string, { type }: FileHandle): never {
    this.refused.push(`${method} ${type}`);
    throw new ClawbackError("E_PERMISSION", `${method} is not allowed here`);
  }
}
