import { hasCode } from "../errors.ts";
import type { LockIdentity, LockRecord } from "./lock-record.ts";
import { isStale, observe, type LockWatch } from "./lock-stale.ts";

/** The lock files of a repository; their sealing is done behind this port. */
export interface LockFiles {
  list(): AsyncIterable<{ name: string }>;
  /** @throws ClawbackError `E_DAMAGED`, `E_STORAGE_NOT_FOUND` */
  read(name: string): Promise<LockRecord>;
  /** @returns the new file's name, never the name of an earlier one. */
  write(record: LockRecord): Promise<string>;
  /** @throws ClawbackError `E_STORAGE_NOT_FOUND` */
  remove(name: string): Promise<void>;
}

export interface FoundLock {
  name: string;
  /** Undefined when it cannot be read: its holder is unknown, and it might be exclusive. */
  record: LockRecord | undefined;
}

export interface SurveyOptions {
  files: LockFiles;
  exclusive: boolean;
  /** Our own lock, not in our way. */
  own?: string;
  identity: LockIdentity;
  watch: LockWatch;
  now: number;
}

export interface Survey {
  /** Locks that stand in the way. */
  blockers: FoundLock[];
  /** Locks whose holder is gone. */
  stale: FoundLock[];
}

/** Holders refresh at most once in minutes, so a second pass is nearly always quiet. */
const PASSES = 10;

/** Looks at all locks there are. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const found = await readAll(options.files, options.own);
  observe(options.watch, new Set(found.map(({ name }) => name)), options.now);
  const result: Survey = { blockers: [], stale: [] };
  for (const lock of found) {
    const firstSeen = options.watch.get(lock.name) ?? options.now;
    if (await isStale(lock.record, firstSeen, options.identity, options.now)) {
      result.stale.push(lock);
    } else if (options.exclusive || lock.record?.exclusive !== false) {
      result.blockers.push(lock);
    }
  }
  return result;
}

/** A lock that vanishes while we read may have been refreshed under a new name: look again. */
async function readAll(files: LockFiles, own: string | undefined): Promise<FoundLock[]> {
  for (let pass = 1; ; pass++) {
    const found: FoundLock[] = [];
    let vanished = false;
    for await (const { name } of files.list()) {
      if (name === own) continue;
      try {
        found.push({ name, record: await files.read(name) });
      } catch (error) {
        if (hasCode(error, "E_DAMAGED")) found.push({ name, record: undefined });
        else if (hasCode(error, "E_STORAGE_NOT_FOUND")) vanished = true;
        else throw error;
      }
    }
    if (!vanished || pass === PASSES) return found;
  }
}
