import { ClawbackError, type ErrorCode } from "../../src/errors.ts";
import type { FileHandle, FileInfo, FileType, Storage } from "../../src/storage/storage.ts";

type Method = "create" | "save" | "load" | "stat" | "list" | "remove";

export interface Fault {
  method: Method;
  /** How many calls in a row fail. Default 1. */
  times?: number;
  /** Default `E_STORAGE_UNREACHABLE`. */
  code?: ErrorCode;
  /** The request takes effect, only its answer is lost. */
  afterwards?: boolean;
  /** For `list`: how many files are told first. */
  told?: number;
}

/** A storage that fails as it is told to, and counts what it is asked. */
export class FaultyStorage implements Storage {
  readonly location: string;
  readonly concurrency: number;
  readonly calls: Record<Method, number> = {
    create: 0,
    save: 0,
    load: 0,
    stat: 0,
    list: 0,
    remove: 0,
  };
  readonly #inner: Storage;
  readonly #faults: (Fault & { times: number })[] = [];

  constructor(inner: Storage, faults: Fault[] = []) {
    this.#inner = inner;
    this.location = inner.location;
    this.concurrency = inner.concurrency;
    for (const fault of faults) this.#faults.push({ times: 1, ...fault });
  }

  create(): Promise<void> {
    return this.#run("create", () => this.#inner.create());
  }

  save(handle: FileHandle, data: Uint8Array): Promise<void> {
    return this.#run("save", () => this.#inner.save(handle, data));
  }

  load(...args: Parameters<Storage["load"]>): Promise<Uint8Array> {
    return this.#run("load", () => this.#inner.load(...args));
  }

  stat(handle: FileHandle): Promise<FileInfo> {
    return this.#run("stat", () => this.#inner.stat(handle));
  }

  async *list(type: FileType): AsyncIterable<FileInfo> {
    const fault = this.#next("list");
    let told = 0;
    for await (const info of this.#inner.list(type)) {
      if (fault !== undefined && told++ >= (fault.told ?? 0)) break;
      yield info;
    }
    if (fault !== undefined) throw failure(fault);
  }

  remove(handle: FileHandle): Promise<void> {
    return this.#run("remove", () => this.#inner.remove(handle));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  async #run<T>(method: Method, work: () => Promise<T>): Promise<T> {
    const fault = this.#next(method);
    if (fault?.afterwards === true) await work();
    if (fault !== undefined) throw failure(fault);
    return work();
  }

  #next(method: Method): Fault | undefined {
    this.calls[method]++;
    const fault = this.#faults.find((each) => each.method === method && each.times > 0);
    if (fault !== undefined) fault.times--;
    return fault;
  }
}

function failure({ method, code = "E_STORAGE_UNREACHABLE" }: Fault): ClawbackError {
  return new ClawbackError(code, `${method} failed as told`);
}
