import { ClawbackError } from "../../src/errors.ts";
import type { AcquireOptions } from "../../src/repository/lock-acquire.ts";
import {
  lockRecord,
  type LockIdentity,
  type LockRecord,
} from "../../src/repository/lock-record.ts";
import type { LockFiles } from "../../src/repository/lock-survey.ts";
import { Lock } from "../../src/repository/lock.ts";
import { ManualClock } from "./manual-clock.ts";

/** Another machine each: nothing can be said of its processes. */
export function host(name: string): LockIdentity {
  return {
    hostname: name,
    pid: 100,
    bootId: `boot of ${name}`,
    pidNamespace: "pid:[1]",
    username: "ada",
    uid: 1000,
    gid: 1000,
  };
}

/** Lock files in memory, numbered in the order they were written. */
export class MemoryLockFiles implements LockFiles {
  readonly records = new Map<string, LockRecord | undefined>();
  #count = 0;
  /** Set to make every request fail. */
  down = false;
  onWrite: ((name: string) => void) | undefined;

  async *list(): AsyncIterable<{ name: string }> {
    this.#check();
    const { names } = this;
    for (const name of names) yield { name };
  }

  async read(name: string): Promise<LockRecord> {
    this.#check();
    if (!this.records.has(name)) throw new ClawbackError("E_STORAGE_NOT_FOUND", `no lock ${name}`);
    const record = this.records.get(name);
    if (record === undefined) throw new ClawbackError("E_DAMAGED", "too short");
    return record;
  }

  async write(record: LockRecord): Promise<string> {
    this.#check();
    const name = `lock-${this.#count++}`;
    this.records.set(name, record);
    this.onWrite?.(name);
    return name;
  }

  async remove(name: string): Promise<void> {
    this.#check();
    if (!this.records.delete(name)) throw new ClawbackError("E_STORAGE_NOT_FOUND", "gone");
  }

  get names(): string[] {
    return [...this.records.keys()];
  }

  #check(): void {
    if (this.down) throw new ClawbackError("E_STORAGE_UNREACHABLE", "down");
  }
}

/** A repository's locks, a clock that stands still, and hosts that want the lock. */
export function setUpLocks() {
  const clock = new ManualClock();
  const files = new MemoryLockFiles();
  const begin = (name: string, options: Partial<AcquireOptions> = {}): Promise<Lock> =>
    Lock.acquire(files, {
      exclusive: false,
      clock,
      identity: host(name),
      random: () => 0.5,
      ...options,
    });
  /** Acquires while the clock runs on. */
  const take = async (name: string, options: Partial<AcquireOptions> = {}): Promise<Lock> => {
    const taking = begin(name, options);
    taking.catch(() => undefined);
    await clock.advance(200);
    return taking;
  };
  /** A lock whose holder crashed just now. */
  const crash = (name: string, exclusive = true): Promise<string> =>
    files.write(lockRecord(host(name), exclusive, clock.now()));
  return { clock, files, begin, take, crash };
}
