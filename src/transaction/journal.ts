import { constants } from "node:fs";
import { lstat, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ClawbackError, errno } from "../errors.ts";
import { writeFileAtomic } from "../fs/atomic.ts";
import { ensurePrivateDirectory, syncDirectory } from "../fs/directories.ts";
import type { ProcessIdentity } from "../fs/process-identity.ts";
import type { Touched } from "./directory-facts.ts";
import type { OnStep } from "./hands.ts";
import type { RawPath } from "./raw-path.ts";
import type { Replacement, TransactionAbout } from "./replacement.ts";
import type { Step } from "./steps.ts";

/** A staging directory of ours. */
export interface StagingRecord {
  directory: RawPath;
  how: Replacement["how"];
  /** Undefined: recorded, but perhaps not made. */
  ino?: string;
  /** It holds what an earlier transaction keeps, and outlives this one. */
  adopted: boolean;
}

/** A replacement, and what was planned for it. */
export interface ReplacementRecord {
  live: RawPath;
  /** Where the new tree is before the swap, and the old one after it. */
  slot: RawPath;
  /** Its staging. */
  directory: RawPath;
  carry: readonly RawPath[];
  how: Replacement["how"];
  barred?: { name: RawPath; content: string };
  steps: readonly Step[];
  touched: readonly Touched[];
  /** Directories above `live` that are made, the outermost first. */
  parents: readonly RawPath[];
  /** The inode of the old tree, which is then in `slot`; undefined: there was none. */
  keptIno?: string;
}

/** What a transaction is, on disk: all that another process needs to finish it. */
export interface Journal {
  version: 1;
  id: string;
  owner: ProcessIdentity;
  about: TransactionAbout;
  /** What comes after `swapped` or `reverting` is told by the file's name: no room is needed for it. */
  phase: "building" | "swapping" | "swapped" | "reverting";
  /** Which way the steps go. */
  way: "forth" | "back";
  stagings: readonly StagingRecord[];
  replacements: readonly ReplacementRecord[];
  /** What was kept for undo when this began. It goes with the commit. */
  previous?: string;
  /** This puts back what `previous` keeps. */
  isUndo: boolean;
  /** RFC 3339, of the swap. */
  since?: string;
}

/**
 * `open`: something is to be finished. `closing`: all moves are taken back, only our own
 * directories are to be removed. `kept`: committed, and kept for undo.
 */
export type JournalState = "open" | "closing" | "kept";

const NAME = /^(open|closing|kept)-([0-9a-f]{16})\.json$/;

export function journalPath(journalDir: string, state: JournalState, id: string): string {
  return join(journalDir, `${state}-${id}.json`);
}

export interface JournalFile {
  state: JournalState;
  journal: Journal;
}

/**
 * All journals, by the time of their swap. None when the directory is not there.
 * @throws ClawbackError `E_PERMISSION` for one that others may have written, `E_DAMAGED` for one
 * that is not ours to read.
 */
export async function readJournals(journalDir: string): Promise<JournalFile[]> {
  const names = await readdir(journalDir).catch((error: unknown) => {
    if (errno(error) === "ENOENT") return [];
    throw error;
  });
  const found = names.flatMap((name) => NAME.exec(name) ?? []);
  if (found.length === 0) return [];
  await refuseForeign(journalDir);
  const files: JournalFile[] = [];
  for (const name of names) {
    const [, state, id] = NAME.exec(name) ?? [];
    if (id === undefined) continue;
    const journal = await readJournal(join(journalDir, name), id);
    if (journal !== undefined) files.push({ state: state as JournalState, journal });
  }
  return files.sort((a, b) => ((a.journal.since ?? "~") < (b.journal.since ?? "~") ? -1 : 1));
}

async function readJournal(path: string, id: string): Promise<Journal | undefined> {
  let text;
  try {
    await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const { uid, mode } = await file.stat();
    if (!isOurs(uid) || (mode & 0o077) !== 0) throw untrusted(path);
    text = await file.readFile("utf8");
  } catch (error) {
    // Another command has just finished it.
    if (errno(error) === "ENOENT") return undefined;
    throw errno(error) === "ELOOP" ? untrusted(path) : error;
  }
  try {
    const journal = JSON.parse(text) as Partial<Journal>;
    if (journal.version === 1 && journal.id === id) return journal as Journal;
  } catch {
    // As below.
  }
  throw new ClawbackError("E_DAMAGED", `the journal ${path} cannot be understood`, {
    hint: "It may be a newer version's: update, and run the command again.",
  });
}

/** Makes the directory, and refuses one that others may write to. */
export async function openJournalDirectory(journalDir: string): Promise<void> {
  await ensurePrivateDirectory(journalDir);
  await refuseForeign(journalDir);
}

async function refuseForeign(journalDir: string): Promise<void> {
  const info = await lstat(journalDir);
  if (!info.isDirectory() || !isOurs(info.uid) || (info.mode & 0o022) !== 0) {
    throw untrusted(journalDir);
  }
}

function isOurs(uid: number): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function untrusted(path: string): ClawbackError {
  return new ClawbackError("E_PERMISSION", `will not follow ${path}: others may have written it`, {
    hint: "It must be your own, no link, and closed to others (0600, its directory 0700).",
  });
}

export async function writeJournal(dir: string, journal: Journal, step: OnStep): Promise<void> {
  step(`journal ${journal.phase}`);
  await writeFileAtomic(journalPath(dir, "open", journal.id), JSON.stringify(journal));
}

/** Needs no room on the disk, and is one step. */
export async function turnJournal(
  dir: string,
  id: string,
  to: "closing" | "kept",
  step: OnStep,
): Promise<void> {
  step(`journal ${to}`);
  await rename(journalPath(dir, "open", id), journalPath(dir, to, id));
  await syncDirectory(dir);
}

export async function removeJournal(
  dir: string,
  state: JournalState,
  id: string,
  step: OnStep,
): Promise<void> {
  step(`journal gone`);
  await rm(journalPath(dir, state, id), { force: true });
  await syncDirectory(dir);
}
