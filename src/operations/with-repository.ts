import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { ClawbackError, hasCode } from "../errors.ts";
import { writeFileAtomic } from "../fs/atomic.ts";
import { ensurePrivateDirectory } from "../fs/directories.ts";
import { Lock } from "../repository/lock.ts";
import { currentLockIdentity, type LockRecord } from "../repository/lock-record.ts";
import type { LockWatch } from "../repository/lock-stale.ts";
import type { LockFiles } from "../repository/lock-survey.ts";
import { isRepository, noRepository, Repository } from "../repository/repository.ts";
import { openStorage } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";
import type { OperationContext } from "./context.ts";

/** What an operation has of a repository while it works on it. */
export interface Session {
  repository: Repository;
  /** @throws E_LOCK_LOST */
  assertHeld(): void;
  /** Aborted when the user interrupts or the lock is lost. */
  signal: AbortSignal;
}

/**
 * `none`: only files that no prune touches are read. `read`: shared, and done without where the
 * storage lets nobody write (a read-only mount on the day of need). `append`: shared, always.
 */
export type LockMode = "none" | "read" | "append" | "exclusive";

/** Opens the context's repository, takes a lock, and gives both up whatever happens. */
export async function withRepository<T>(
  context: OperationContext,
  mode: LockMode,
  work: (session: Session) => Promise<T>,
  /** What is put between the repository and its storage. */
  between?: (storage: Storage) => Promise<Storage>,
): Promise<T> {
  await using outer = await openStorage(context.location, { home: context.home });
  const storage = (await between?.(outer)) ?? outer;
  // Before a person is asked for the password of nothing.
  if (!(await isRepository(storage))) throw noRepository(storage);
  const repository = await Repository.open(storage, await context.passwords());
  repository.onDamage = ({ message }) => {
    context.warn(`${message}; going on without it. \`clawback check\` tells what is lost`);
  };
  // Awaited here: the storage is given up at the end of this block, not of the work's promise.
  return await underLock(context, repository, mode, work);
}

/** The same for a repository that is open already. */
export async function underLock<T>(
  context: OperationContext,
  repository: Repository,
  mode: LockMode,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (mode === "none") {
    return work({ repository, assertHeld: () => {}, signal: context.signal });
  }
  let lock: Lock;
  try {
    lock = await acquire(context, repository, mode === "exclusive");
  } catch (error) {
    if (mode !== "read" || !hasCode(error, "E_PERMISSION")) throw error;
    context.warn("the repository cannot be written to: reading it without a lock");
    return work({ repository, assertHeld: () => {}, signal: context.signal });
  }
  await using held = lock;
  // Awaited here, or the lock would be given up as soon as the work has begun.
  return await work({
    repository,
    assertHeld: () => held.assertHeld(),
    signal: AbortSignal.any([context.signal, held.signal]),
  });
}

async function acquire(
  context: OperationContext,
  repository: Repository,
  exclusive: boolean,
): Promise<Lock> {
  const watchFile = join(context.places.stateDir, `locks-${repository.id.slice(0, 8)}.json`);
  const watch = await readWatch(watchFile);
  let told = false;
  try {
    return await Lock.acquire(lockFiles(repository, context.warn), {
      exclusive,
      clock: systemClock,
      identity: await currentLockIdentity(),
      waitMs: context.lockWaitMs,
      watch,
      signal: context.signal,
      onWait: ([blocker]) => {
        if (told) return;
        told = true;
        const who = blocker?.record;
        const by = who === undefined ? "" : ` by ${who.username}@${who.hostname} (pid ${who.pid})`;
        context.progress.note(`waiting: the repository is locked${by}`);
      },
      onStale: ({ record }) => {
        const of = record === undefined ? "" : ` of ${record.hostname}, pid ${record.pid}`;
        context.warn(`removed a stale lock${of}: whoever held it is gone`);
      },
    });
  } finally {
    await writeWatch(watchFile, watch);
  }
}

/** The repository's locks, sealed and opened. */
function lockFiles(repository: Repository, warn: (message: string) => void): LockFiles {
  const { storage } = repository;
  let told = false;
  return {
    list: () => storage.list("lock"),
    async read(name) {
      const json = Buffer.from(await repository.loadUnpacked("lock", name)).toString("utf8");
      try {
        return JSON.parse(json) as LockRecord;
      } catch (cause) {
        throw new ClawbackError("E_DAMAGED", `lock ${name.slice(0, 8)} is not JSON`, { cause });
      }
    },
    async write(record) {
      return (await repository.saveUnpacked("lock", Buffer.from(JSON.stringify(record)))).name;
    },
    async remove(name) {
      try {
        await storage.remove({ type: "lock", name });
      } catch (error) {
        if (hasCode(error, "E_PERMISSION") && !told) {
          told = true;
          warn("the storage lets nothing be removed: a lock stays in it, and goes stale by itself");
        }
        throw error;
      }
    },
  };
}

async function readWatch(file: string): Promise<LockWatch> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(file, "utf8")) as object);
    return new Map(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
  } catch {
    // Not there, or cut off: the watch begins anew, and stale locks last half an hour longer.
    return new Map();
  }
}

/** Best effort: a state directory that cannot be written to must not stop a backup. */
async function writeWatch(file: string, watch: LockWatch): Promise<void> {
  try {
    await ensurePrivateDirectory(join(file, ".."));
    await writeFileAtomic(file, JSON.stringify(Object.fromEntries(watch)));
  } catch {
    return;
  }
}
