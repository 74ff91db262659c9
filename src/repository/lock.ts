import type { Clock } from "../clock.ts";
import { ClawbackError, hasCode } from "../errors.ts";
import { removeQuietly, takeLock, type AcquireOptions, type Taken } from "./lock-acquire.ts";
import { lockRecord } from "./lock-record.ts";
import type { LockFiles } from "./lock-survey.ts";

const REFRESH_AFTER_MS = 5 * 60_000;
/** Three quarters of the time after which others may call us dead. */
const LOST_AFTER_MS = 22.5 * 60_000;
/** Short, because timers stand still while a laptop sleeps: soon after it wakes we look. */
const TICK_MS = 15_000;

/**
 * A restic lock that is kept alive until released. Load the index only once it is held, and write
 * neither index nor snapshot when `assertHeld` throws.
 */
export class Lock implements AsyncDisposable {
  readonly #files: LockFiles;
  readonly #options: AcquireOptions;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #keeping: Promise<void>;
  /** Lock files of ours that may exist: the current one last. */
  readonly #names: string[];
  /** Those that we tried to remove, and may have without knowing. */
  readonly #tried = new Set<string>();
  #refreshed: number;
  #refreshing: Promise<void> | undefined;

  /**
   * @throws ClawbackError `E_REPO_LOCKED`, naming who holds it; whatever the storage throws;
   * `signal.reason` when the wait is ended.
   */
  static async acquire(files: LockFiles, options: AcquireOptions): Promise<Lock> {
    return new Lock(files, options, await takeLock(files, options));
  }

  /** Use `acquire`. */
  private constructor(files: LockFiles, options: AcquireOptions, taken: Taken) {
    this.#files = files;
    this.#options = options;
    this.#clock = options.clock;
    this.#names = [taken.name];
    this.#refreshed = taken.time;
    this.#keeping = this.#keep();
  }

  /** Aborted with `E_LOCK_LOST` once the lock can no longer be relied on. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Call right before what must not happen without the lock.
   * @throws ClawbackError `E_LOCK_LOST`
   */
  assertHeld(): void {
    if (this.#age() >= LOST_AFTER_MS) this.#lose("it could not be refreshed for too long");
    this.#lost.signal.throwIfAborted();
    if (this.#released.signal.aborted) throw new Error("the lock has been given up already");
  }

  /** Removes the lock. Harmless when called again, or when it is gone already. */
  async release(): Promise<void> {
    this.#released.abort();
    await this.#keeping;
    await this.#refreshing;
    while (this.#names[0] !== undefined) {
      try {
        await removeQuietly(this.#files, this.#names[0]);
      } catch (error) {
        // A lost lock's leftovers go stale on their own; that it was lost is told already.
        if (!this.#lost.signal.aborted) throw error;
      }
      this.#names.shift();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #keep(): Promise<void> {
    const over = AbortSignal.any([this.#released.signal, this.#lost.signal]);
    while (!over.aborted) {
      await this.#clock.sleep(TICK_MS, over).catch(() => undefined);
      if (over.aborted) return;
      const age = this.#age();
      if (age >= LOST_AFTER_MS) {
        this.#lose("it could not be refreshed for too long");
      } else if ((age >= REFRESH_AFTER_MS || age < 0) && this.#refreshing === undefined) {
        // Not awaited: a storage that hangs must not keep us from seeing that time is up.
        this.#refreshing = this.#refresh().finally(() => (this.#refreshing = undefined));
      }
    }
  }

  /** Wall clock on purpose: the others' clocks run on while this machine sleeps. */
  #age(): number {
    return this.#clock.now() - this.#refreshed;
  }

  /** A failure is not the end: the next tick tries again until time is up. */
  async #refresh(): Promise<void> {
    const { identity, exclusive } = this.#options;
    const time = this.#clock.now();
    try {
      this.#names.push(await this.#files.write(lockRecord(identity, exclusive, time)));
      this.#refreshed = time;
      for (const name of this.#names.slice(0, -1)) await this.#removeOld(name);
    } catch {
      return;
    }
  }

  async #removeOld(name: string): Promise<void> {
    const first = !this.#tried.has(name);
    this.#tried.add(name);
    try {
      await this.#files.remove(name);
    } catch (error) {
      if (!hasCode(error, "E_STORAGE_NOT_FOUND")) throw error;
      // Somebody who removes our lock takes us for dead, and may have pruned since.
      if (first) this.#lose("somebody removed it");
    }
    this.#names.splice(this.#names.indexOf(name), 1);
  }

  #lose(why: string): void {
    this.#lost.abort(
      new ClawbackError("E_LOCK_LOST", `the lock on the repository was lost: ${why}`, {
        hint: "Nothing is damaged. Run it again once the storage can be reached.",
      }),
    );
  }
}
