import type { Clock } from "../clock.ts";
import { ClawbackError, hasCode } from "../errors.ts";
import { lockRecord, type LockIdentity } from "./lock-record.ts";
import type { LockWatch } from "./lock-stale.ts";
import { survey, type FoundLock, type LockFiles } from "./lock-survey.ts";

export interface AcquireOptions {
  /** Exclusive keeps everybody else out; otherwise only those that are exclusive. */
  exclusive: boolean;
  clock: Clock;
  identity: LockIdentity;
  /** How long to wait for others, milliseconds. Default 0. */
  waitMs?: number;
  /** Told whenever the wait goes on: who is in the way, and until when it lasts (ms since the epoch). */
  onWait?: (blockers: FoundLock[], until: number) => void;
  /** Told of each lock removed because its holder is gone. */
  onStale?: (lock: FoundLock) => void;
  /** What earlier runs saw; brought up to date here. Persist it, or a foreign crash blocks for good. */
  watch?: LockWatch;
  /** Uniform in [0, 1). */
  random?: () => number;
  /** Ends the wait, not the lock. */
  signal?: AbortSignal;
}

/** A lock file of ours that nobody contests. */
export interface Taken {
  name: string;
  /** The time written in it, milliseconds since the epoch. */
  time: number;
}

/** restic's: what was written before we looked again is visible by then. */
const SETTLE_MS = 200;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Looks at the others, writes ours, lets things settle, looks again.
 * @throws ClawbackError `E_REPO_LOCKED` when others are in the way for all of `waitMs`.
 */
export async function takeLock(files: LockFiles, given: AcquireOptions): Promise<Taken> {
  const options = { watch: new Map<string, number>(), ...given };
  const { clock, waitMs = 0, signal, random = Math.random } = options;
  const until = clock.now() + waitMs;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    signal?.throwIfAborted();
    const result = await attempt(files, options);
    if ("name" in result) return result;
    const left = until - clock.now();
    if (left <= 0) throw lockedBy(result.blockers);
    options.onWait?.(result.blockers, until);
    // At random, so that two who met at the door do not meet there again.
    await clock.sleep(Math.min(left, wait / 2 + (wait / 2) * random()), signal);
  }
}

type WatchingOptions = AcquireOptions & { watch: LockWatch };

async function attempt(
  files: LockFiles,
  options: WatchingOptions,
): Promise<Taken | { blockers: FoundLock[] }> {
  const { clock, identity, exclusive, signal } = options;
  const before = await look(files, options);
  if (before.length > 0) return { blockers: before };
  const time = clock.now();
  const name = await files.write(lockRecord(identity, exclusive, time));
  let blockers: FoundLock[];
  try {
    await clock.sleep(SETTLE_MS, signal);
    blockers = await look(files, options, name);
  } catch (error) {
    await files.remove(name).catch(() => undefined);
    throw error;
  }
  if (blockers.length === 0) return { name, time };
  await removeQuietly(files, name);
  return { blockers };
}

async function look(
  files: LockFiles,
  options: WatchingOptions,
  own?: string,
): Promise<FoundLock[]> {
  const { blockers, stale } = await survey({
    files,
    exclusive: options.exclusive,
    ...(own !== undefined && { own }),
    identity: options.identity,
    watch: options.watch,
    now: options.clock.now(),
  });
  for (const lock of stale) {
    await removeQuietly(files, lock.name);
    options.onStale?.(lock);
  }
  return blockers;
}

/** Gone already is as good; and where nothing may be removed, a dead lock still binds nobody. */
export async function removeQuietly(files: LockFiles, name: string): Promise<void> {
  try {
    await files.remove(name);
  } catch (error) {
    if (!hasCode(error, "E_STORAGE_NOT_FOUND") && !hasCode(error, "E_PERMISSION")) throw error;
  }
}

function lockedBy(blockers: FoundLock[]): ClawbackError {
  const record = blockers.find((lock) => lock.record !== undefined)?.record;
  if (record === undefined) {
    return new ClawbackError("E_REPO_LOCKED", "the repository holds a lock that cannot be read", {
      hint: "A crash may have left it. It is passed by once it has lain there untouched for 30 minutes; `restic unlock` removes it now.",
    });
  }
  const { hostname, username, pid, time, exclusive } = record;
  const kind = exclusive ? "an exclusive lock" : "a lock";
  return new ClawbackError(
    "E_REPO_LOCKED",
    `${username}@${hostname} (pid ${pid}) holds ${kind} on the repository since ${time}`,
    {
      hint: "Try again when it is done. If that process is gone, its lock is passed by once it has lain there unrefreshed for 30 minutes; `restic unlock` removes stale locks at once.",
    },
  );
}
