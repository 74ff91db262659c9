import { lstatSync, readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { ClawbackError } from "../errors.ts";
import { discardKept } from "./close.ts";
import { readJournals, type Journal } from "./journal.ts";
import { takeJournalLock } from "./journal-lock.ts";
import { look } from "./look.ts";
import { below, bytesOf, readable, type RawPath } from "./raw-path.ts";
import type { TransactionAbout } from "./replacement.ts";
import { isMarked } from "./staging.ts";
import { beginWith, type BeginOptions, type Transaction } from "./transaction.ts";

/** What the last restore in place replaced, as it is kept. */
export interface Committed {
  id: string;
  about: TransactionAbout;
  /** RFC 3339. */
  since: string;
  /** Where it is kept. */
  directories: string[];
  /** It was an undo itself: what is kept is what had been restored. */
  isUndo: boolean;
}

export interface Undoable extends Committed {
  /** What it takes on disk. */
  bytes: number;
}

/** The last one that was committed. */
export async function lastCommitted(journalDir: string): Promise<Committed | undefined> {
  const journal = await lastJournal(journalDir);
  if (journal === undefined) return undefined;
  const { id, about, since = "", stagings, isUndo } = journal;
  const directories = stagings.map(({ directory }) => readable(directory));
  return { id, about, since, directories, isUndo };
}

/** The same with what it costs, which takes a walk; undefined also when it can no longer be undone. */
export async function undoable(journalDir: string): Promise<Undoable | undefined> {
  const [journal, committed] = [await lastJournal(journalDir), await lastCommitted(journalDir)];
  if (journal === undefined || committed === undefined || whatIsMissing(journal)) return undefined;
  let bytes = 0;
  const counted = new Set<bigint>();
  for (const { directory } of journal.stagings) bytes += await bytesBelow(directory, counted);
  return { ...committed, bytes };
}

/**
 * Takes the last restore in place back, as a transaction that is built and only has to be swapped
 * and committed. What was restored is kept then: the next undo brings it back.
 *
 * @throws ClawbackError `E_NOTHING_TO_UNDO` when nothing is kept, or not any more;
 * `E_RESTORE_OPEN`.
 */
export function beginUndo(options: BeginOptions): Promise<Transaction> {
  return beginWith(options, (previous) => {
    if (previous === undefined) {
      throw new ClawbackError("E_NOTHING_TO_UNDO", "no restore in place is kept for undo");
    }
    const missing = whatIsMissing(previous);
    if (missing !== undefined) {
      const what = `what was kept for undo is not there any more: ${readable(missing)}`;
      throw new ClawbackError("E_NOTHING_TO_UNDO", what, {
        hint: "Where it was moved away, move it back. A snapshot can be restored in any case.",
      });
    }
    return {
      isUndo: true,
      stagings: previous.stagings.map((staging) => ({ ...staging, adopted: true })),
      replacements: previous.replacements.map((record) => ({ ...record, steps: [], touched: [] })),
    };
  });
}

/**
 * Removes what is kept for undo, if anything is.
 * @throws ClawbackError `E_RESTORE_OPEN` while one is under way.
 */
export async function discard(journalDir: string): Promise<void> {
  const journal = await lastJournal(journalDir);
  if (journal === undefined) return;
  using lock = takeJournalLock(journalDir);
  if (lock === undefined) {
    throw new ClawbackError("E_RESTORE_OPEN", "a restore in place is under way");
  }
  await discardKept(journalDir, journal, () => undefined);
}

async function lastJournal(journalDir: string): Promise<Journal | undefined> {
  const all = await readJournals(journalDir);
  return all.findLast(({ state }) => state === "kept")?.journal;
}

function whatIsMissing({ stagings, replacements }: Journal): RawPath | undefined {
  const lost = stagings.find(
    ({ directory, ino }) => look(directory)?.ino !== ino || !isMarked(directory),
  );
  if (lost !== undefined) return lost.directory;
  return replacements.find(({ slot, keptIno }) => look(slot)?.ino !== keptIno)?.slot;
}

/** Blocks, those of a file with many names once. */
async function bytesBelow(directory: RawPath, counted: Set<bigint>): Promise<number> {
  let bytes = 0;
  for (const name of readdirSync(bytesOf(directory), { encoding: "latin1" })) {
    const path = below(directory, name);
    const stat = lstatSync(bytesOf(path), { bigint: true });
    if (stat.nlink > 1n && !stat.isDirectory() && counted.has(stat.ino)) continue;
    counted.add(stat.ino);
    bytes += Number(stat.blocks) * 512;
    if (stat.isDirectory()) bytes += await bytesBelow(path, counted);
  }
  await setImmediate();
  return bytes;
}
