import { setTimeout as sleep } from "node:timers/promises";
import { ClawbackError } from "../errors.ts";
import { lifeOf, type ProcessIdentity } from "../fs/process-identity.ts";
import { closeReverted, finishCommits, isUnfinished } from "./close.ts";
import type { OnStep } from "./hands.ts";
import { takeJournalLock } from "./journal-lock.ts";
import { journalPath, readJournals, type JournalFile } from "./journal.ts";
import type { Phase, TransactionAbout } from "./replacement.ts";
import { Transaction, type BeforeClose } from "./transaction.ts";

/** How long the process that was cut off may take until the system has let go of it. */
const LAST_BREATH_MS = 2000;

export interface OpenTransaction {
  id: string;
  phase: Phase;
  owner: ProcessIdentity;
  about: TransactionAbout;
  journalFile: string;
}

export interface Recovered {
  transaction: Transaction;
  /** `completed`: the new trees stand; start what was stopped, look, then commit it or revert it. */
  outcome: "completed" | "reverted";
}

export interface RecoverOptions {
  beforeClose?: BeforeClose;
  /** For tests. */
  onStep?: OnStep;
}

/** What is under way, or was cut off. */
export async function openTransactions(journalDir: string): Promise<OpenTransaction[]> {
  const journals = await readJournals(journalDir);
  return journals
    .filter(({ state }) => state !== "kept")
    .map(({ state, journal: { id, owner, about, phase } }) => {
      const journalFile = journalPath(journalDir, state, id);
      return { id, owner, about, phase: state === "closing" ? "removing" : phase, journalFile };
    });
}

/**
 * Completes what was cut off, or takes it back: afterwards every tree is wholly the old one or
 * wholly the new one. May itself be cut off anywhere, and be run again.
 *
 * @throws ClawbackError `E_RESTORE_OPEN` when the process that it belongs to is still at work, or
 * when the disk is not what the journal says.
 */
export async function recover(
  journalDir: string,
  self: ProcessIdentity,
  options: RecoverOptions = {},
): Promise<Recovered[]> {
  if (!(await isNeeded(journalDir, await readJournals(journalDir)))) return [];
  await waitForOwners(journalDir, self);
  const lock = takeJournalLock(journalDir);
  if (lock === undefined) throw atWork(undefined);
  const step = options.onStep ?? (() => undefined);
  const recovered: Recovered[] = [];
  try {
    await finishCommits(journalDir, step);
    for (const { state, journal } of await readJournals(journalDir)) {
      const own = { ...journal, owner: self };
      if (state === "kept") continue;
      if (state === "closing") {
        await closeReverted(journalDir, journal, step);
        const transaction = new Transaction(journalDir, own, lock, step, "reverted");
        recovered.push({ transaction, outcome: "reverted" });
      } else {
        const transaction = new Transaction(journalDir, own, lock, step);
        const outcome = await transaction.finish(options.beforeClose);
        recovered.push({ transaction, outcome });
      }
    }
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
  // What is to be committed or reverted keeps others away until then.
  if (!recovered.some(({ outcome }) => outcome === "completed")) lock[Symbol.dispose]();
  return recovered;
}

async function isNeeded(journalDir: string, journals: readonly JournalFile[]): Promise<boolean> {
  for (const { state, journal } of journals) {
    if (state !== "kept" || (await isUnfinished(journalDir, journal))) return true;
  }
  return false;
}

async function waitForOwners(journalDir: string, self: ProcessIdentity): Promise<void> {
  const until = Date.now() + LAST_BREATH_MS;
  for (const { owner } of await openTransactions(journalDir)) {
    // In one process, the lock tells.
    if (owner.pid === self.pid && owner.processStart === self.processStart) continue;
    while ((await lifeOf(owner, self)) === "alive") {
      if (Date.now() > until) throw atWork(owner);
      await sleep(50);
    }
  }
}

function atWork(owner: ProcessIdentity | undefined): ClawbackError {
  const who = owner === undefined ? "" : ` (process ${owner.pid})`;
  return new ClawbackError("E_RESTORE_OPEN", `a restore in place is under way${who}`, {
    hint: "Wait until it has ended, and try again.",
  });
}
