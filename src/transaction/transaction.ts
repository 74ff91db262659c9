import { randomBytes } from "node:crypto";
import { ClawbackError, messageOf } from "../errors.ts";
import type { ProcessIdentity } from "../fs/process-identity.ts";
import { arrange } from "./arrange.ts";
import { closeCommitted, closeReverted, finishCommits } from "./close.ts";
import { execute } from "./execute.ts";
import { explained, type OnStep } from "./hands.ts";
import { takeJournalLock } from "./journal-lock.ts";
import {
  journalPath,
  openJournalDirectory,
  readJournals,
  turnJournal,
  writeJournal,
  type Journal,
} from "./journal.ts";
import { rawPath } from "./raw-path.ts";
import type { Phase, Replacement, Staging, TransactionAbout } from "./replacement.ts";
import { makeStaging } from "./make-staging.ts";
import { recordsOf } from "./records.ts";
import { stagingFor } from "./staging.ts";
import { syncTree } from "./sync-tree.ts";

export interface BeginOptions {
  /** Private; made when missing. */
  journalDir: string;
  owner: ProcessIdentity;
  about: TransactionAbout;
  /** For tests. */
  onStep?: OnStep;
}

/**
 * Called when the disk is whole again and the journal is still there: what else was to be undone
 * goes here, as it is called again should it be cut off.
 */
export type BeforeClose = (about: TransactionAbout) => Promise<void>;

/**
 * Trees replaced by trees, all or none of them, whatever happens meanwhile: each move is in a
 * journal first, and `recover` finishes what was cut off. Disposing of it changes nothing on disk.
 */
export class Transaction implements AsyncDisposable {
  readonly #dir: string;
  readonly #lock: Disposable;
  readonly #step: OnStep;
  #journal: Journal;
  #end: "removing" | "committed" | "reverted" | undefined;

  /** For this room. `lock` is let go with the transaction. */
  constructor(dir: string, journal: Journal, lock: Disposable, step: OnStep, end?: "reverted") {
    this.#end = end;
    this.#dir = dir;
    this.#journal = journal;
    this.#lock = lock;
    this.#step = step;
  }

  /**
   * Writes the journal, before anything else is made.
   * @throws ClawbackError `E_RESTORE_OPEN` while another one is open.
   */
  static begin(options: BeginOptions): Promise<Transaction> {
    return beginWith(options, () => ({}));
  }

  get id(): string {
    return this.#journal.id;
  }

  /** It exists exactly as long as there is something to finish. */
  get journalFile(): string {
    return journalPath(this.#dir, "open", this.id);
  }

  get phase(): Phase {
    return this.#end ?? this.#journal.phase;
  }

  get about(): TransactionAbout {
    return this.#journal.about;
  }

  /** Replaces what is recorded beside the moves. */
  async note(about: TransactionAbout): Promise<void> {
    await this.#write({ about });
  }

  /**
   * Makes the directory in which the new tree of `live` can be built. Roots that lie in one
   * directory share theirs.
   * @param root the tree that `live` is a part of: nothing of ours is put into it, if that can be
   */
  async stage(live: string, root = live): Promise<Staging> {
    this.#expect("building");
    const staging = await stagingFor(live, this.id, root);
    const directory = rawPath(staging.directory);
    const { stagings } = this.#journal;
    if (stagings.some((other) => other.directory === directory)) return staging;
    const record = { directory, how: staging.how, adopted: false };
    await this.#write({ stagings: [...stagings, record] });
    const ino = await makeStaging(directory, this.#step);
    await this.#write({ stagings: [...stagings, { ...record, ino }] });
    return staging;
  }

  /**
   * Records what shall be replaced, and refuses what cannot be.
   * @throws ClawbackError `E_FAILED`: roots within one another, a new tree on another file system or
   * outside of its staging, something mounted in the way, something that stays and has no place.
   */
  async prepare(replacements: readonly Replacement[]): Promise<void> {
    this.#expect("building");
    const records = recordsOf(replacements, this.#journal.stagings);
    const journal = { ...this.#journal, replacements: records };
    await this.#write({ replacements: this.#arrange(journal) });
  }

  /**
   * Puts the new trees where the old ones are. Nothing may work in the old ones any more: what is
   * there now is what is moved. After an error everything is as it was, and nothing of ours is left.
   *
   * @returns what modes, owners and times could not be set, as sentences
   * @throws ClawbackError `E_NO_SPACE`, `E_PERMISSION`, `E_OCCUPIED`, `E_FAILED` with the path;
   * `E_RESTORE_OPEN` when it could not be taken back either.
   */
  async swap(beforeClose?: BeforeClose): Promise<string[]> {
    this.#expect("building");
    try {
      const replacements = this.#arrange(this.#journal);
      for (const { directory } of this.#journal.stagings) await syncTree(directory);
      await this.#write({ phase: "swapping", replacements });
      const problems = await execute(this.#journal, "forth", this.#step);
      await this.#write({ phase: "swapped", since: new Date().toISOString() });
      return problems;
    } catch (error) {
      const reason = await explained(error);
      await this.#giveUp(reason, beforeClose);
      throw reason;
    }
  }

  /**
   * Ends it: the old trees are kept for undo, those that were kept until now go.
   * @returns what of ours could not be removed, as sentences
   */
  async commit(): Promise<string[]> {
    this.#expect("swapped");
    await turnJournal(this.#dir, this.id, "kept", this.#step);
    this.#end = "committed";
    const problems = await closeCommitted(this.#dir, this.#journal, this.#step);
    this.#lock[Symbol.dispose]();
    return problems;
  }

  /**
   * Takes everything back, and removes what was built.
   * @throws ClawbackError `E_RESTORE_OPEN` when the disk is not what the journal says.
   */
  async revert(beforeClose?: BeforeClose): Promise<void> {
    try {
      await this.#takeBack(beforeClose);
    } catch (error) {
      throw await explained(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lock[Symbol.dispose]();
  }

  /** What is left of an interrupted swap, be it ours: to its end, or else back. */
  async finish(beforeClose?: BeforeClose): Promise<"completed" | "reverted"> {
    const { phase } = this.#journal;
    if (phase === "swapped") return "completed";
    if (phase === "swapping") {
      try {
        await execute(this.#journal, "forth", this.#step);
        await this.#write({ phase: "swapped", since: new Date().toISOString() });
        return "completed";
      } catch (error) {
        await this.#giveUp(await explained(error), beforeClose);
        return "reverted";
      }
    }
    await this.revert(beforeClose);
    return "reverted";
  }

  async #takeBack(beforeClose?: BeforeClose): Promise<void> {
    const { phase, way } = this.#journal;
    if (phase === "swapped") {
      // Programs may have worked in the new trees: not the same moves, but new ones.
      const replacements = this.#arrange(this.#journal, false);
      await this.#write({ phase: "reverting", way: "forth", replacements });
      await execute(this.#journal, "forth", this.#step);
    } else if (phase === "swapping") {
      // A disk that is full must not keep it from coming back; both ways end well.
      await this.#write({ phase: "reverting", way: "back" }).catch(() => undefined);
      await execute(this.#journal, "back", this.#step);
    } else if (phase === "reverting") {
      await execute(this.#journal, way, this.#step);
    }
    await beforeClose?.(this.about);
    await turnJournal(this.#dir, this.id, "closing", this.#step);
    this.#end = "removing";
    await closeReverted(this.#dir, this.#journal, this.#step);
    this.#end = "reverted";
    this.#lock[Symbol.dispose]();
  }

  async #giveUp(reason: unknown, beforeClose?: BeforeClose): Promise<void> {
    try {
      await this.#takeBack(beforeClose);
    } catch (second) {
      const why = [reason, await explained(second)].map(messageOf).join("; and then: ");
      throw new ClawbackError("E_RESTORE_OPEN", `the restore could not be taken back: ${why}`, {
        hint: "Mend the cause; the next command completes it or takes it back.",
        cause: second,
      });
    }
  }

  #arrange(journal: Journal, strict = !journal.isUndo) {
    return arrange(journal, strict, this.#step);
  }

  #expect(phase: Phase): void {
    if (this.phase === phase) return;
    throw new Error(`a transaction that is ${this.phase} where it must be ${phase}`);
  }

  async #write(change: Partial<Journal>): Promise<void> {
    const journal = { ...this.#journal, ...change };
    await writeJournal(this.#dir, journal, this.#step);
    this.#journal = journal;
  }
}

/** @param started looks into what is there, once nobody else can change it */
export async function beginWith(
  options: BeginOptions,
  started: (previous: Journal | undefined) => Partial<Journal>,
): Promise<Transaction> {
  const { journalDir, owner, about, onStep = () => undefined } = options;
  await openJournalDirectory(journalDir);
  const lock = takeJournalLock(journalDir);
  try {
    const journals = await readJournals(journalDir);
    if (lock === undefined || journals.some(({ state }) => state !== "kept")) {
      throw new ClawbackError("E_RESTORE_OPEN", "another restore in place is not finished", {
        hint: "Wait for it, or run any command once more when it was cut off.",
      });
    }
    await finishCommits(journalDir, onStep);
    const previous = (await readJournals(journalDir)).findLast(
      ({ state }) => state === "kept",
    )?.journal;
    const journal: Journal = {
      version: 1,
      id: randomBytes(8).toString("hex"),
      owner,
      about,
      phase: "building",
      way: "forth",
      stagings: [],
      replacements: [],
      isUndo: false,
      ...(previous !== undefined && { previous: previous.id }),
      ...started(previous),
    };
    await writeJournal(journalDir, journal, onStep);
    return new Transaction(journalDir, journal, lock, onStep);
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}
