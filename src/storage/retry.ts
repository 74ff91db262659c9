import { hasCode } from "../errors.ts";
import type { Clock } from "../clock.ts";
import type { FileHandle, FileInfo, FileType, Storage } from "./storage.ts";

export interface RetryOptions {
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Tries of one request in all. Default 8: about a minute. */
  attempts?: number;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;

/**
 * The same storage, patient: what fails with `E_STORAGE_UNREACHABLE` is tried again after 0.5 s,
 * 1 s, 2 s … (half of each at random, so that many hosts do not come back in step). Every other
 * error passes through at once.
 */
export function withRetry(storage: Storage, options: RetryOptions): Storage {
  /** `again` is true once an attempt failed without telling whether it took effect. */
  async function retry<T>(attempt: (again: boolean) => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt(failures > 0);
      } catch (error) {
        await pauseOrThrow(error, failures, options);
      }
    }
  }

  return {
    location: storage.location,
    concurrency: storage.concurrency,
    create: () => retry(() => storage.create()),
    load: (handle, range) => retry(() => storage.load(handle, range)),
    stat: (handle) => retry(() => storage.stat(handle)),
    save: (handle, data) =>
      retry(async (again) => {
        try {
          await storage.save(handle, data);
        } catch (error) {
          if (!again || !hasCode(error, "E_STORAGE_EXISTS")) throw error;
          if (!(await holds(storage, handle, data))) throw error;
        }
      }),
    remove: (handle) =>
      retry(async (again) => {
        try {
          await storage.remove(handle);
        } catch (error) {
          if (!again || !hasCode(error, "E_STORAGE_NOT_FOUND")) throw error;
        }
      }),
    list: (type) => listWithRetry(storage, type, options),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}

/** Starts the listing over when it breaks off, and passes over what was told already. */
async function* listWithRetry(
  storage: Storage,
  type: FileType,
  options: RetryOptions,
): AsyncIterable<FileInfo> {
  const told = new Set<string>();
  for (let failures = 0; ; failures++) {
    try {
      for await (const info of storage.list(type)) {
        if (told.has(info.name)) continue;
        told.add(info.name);
        yield info;
      }
      return;
    } catch (error) {
      await pauseOrThrow(error, failures, options);
    }
  }
}

async function pauseOrThrow(
  error: unknown,
  failures: number,
  { clock, random, attempts = 8 }: RetryOptions,
): Promise<void> {
  if (!hasCode(error, "E_STORAGE_UNREACHABLE") || failures + 1 >= attempts) throw error;
  const delay = Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY);
  await clock.sleep(delay / 2 + (delay / 2) * random());
}

/** Whether our own earlier attempt, whose answer was lost, did store these very bytes. */
async function holds(storage: Storage, handle: FileHandle, data: Uint8Array): Promise<boolean> {
  return Buffer.compare(await storage.load(handle), data) === 0;
}
