import type { BigIntStats } from "node:fs";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import type {
  ArchivedFile,
  ArchiveOptions,
  EntryState,
  PageImage,
  WalkResult,
} from "./archive-options.ts";
import { type FileOutcome, type FileTask, splitIds } from "./archive-job.ts";
import type { FileStore, StoredFile } from "./file-store.ts";
import { fromStat, type TreeNode } from "./node.ts";
import type { ParentTree } from "./parent-tree.ts";
import { systemNames } from "./users.ts";
import type { WalkEntry } from "./walker.ts";

/** A database that will not hold still is captured anew so many times. */
const MAX_CAPTURES = 3;
const MAX_CAPTURES_AT_ONCE = 2;

/** Takes the files of one backup: compares each with the parent, and has it stored if it must be read. */
export class FileArchiver {
  readonly #options: ArchiveOptions;
  readonly #store: FileStore;
  readonly #parent: ParentTree;
  readonly #result: WalkResult;
  readonly #onFile: (file: ArchivedFile) => void;
  readonly #names = systemNames();
  readonly #hardLinks = new Map<string, Promise<StoredFile | undefined>>();
  #captures = 0;
  #captureWaiters: (() => void)[] = [];

  /** @param result where counts, and files that could not be taken, are added */
  constructor(
    options: ArchiveOptions,
    store: FileStore,
    parent: ParentTree,
    result: WalkResult,
    onFile: (file: ArchivedFile) => void,
  ) {
    this.#options = options;
    this.#store = store;
    this.#parent = parent;
    this.#result = result;
    this.#onFile = onFile;
  }

  /**
   * @param before its node in the parent snapshot
   * @returns undefined when it could not be taken
   */
  async file(
    entry: WalkEntry,
    before: TreeNode | undefined,
    siblings: ReadonlySet<string>,
  ): Promise<TreeNode | undefined> {
    const { databases } = this.#options;
    const known = entry.content === undefined && databases.isKnown(entry.path);
    const unchanged = known
      ? await databases.isUnchanged(entry.path)
      : !hasJournal(entry, siblings) && this.#parent.isUnchanged(before, entry.stat);
    if (unchanged && before !== undefined && this.#parent.holds(before)) {
      const node = { ...this.node(entry), size: before.size ?? 0n, content: before.content ?? [] };
      this.#count({
        path: entry.path,
        state: "unchanged",
        size: Number(node.size),
        read: false,
      });
      return node;
    }
    const stored = await this.#once(entry, known, () => this.#read(entry, known));
    if (stored === undefined) return undefined;
    if (stored.changed) this.#result.changedWhileRead.push(entry.path);
    const node = this.node(entry, stored);
    const { size, content } = stored;
    const state = stateOf(before, node);
    const found = content !== undefined && { content };
    this.#count({ path: entry.path, state, size, read: true, ...found }, stored.told);
    return node;
  }

  /** The node of anything; of a file only with what was stored of it. */
  node(entry: WalkEntry, stored?: StoredFile): TreeNode {
    const { stat } = entry;
    const extras = {
      user: this.#names.user(Number(stat.uid)),
      group: this.#names.group(Number(stat.gid)),
      ...(entry.linktarget === undefined ? {} : { linktarget: entry.linktarget }),
    };
    const seen = stored?.stat === undefined ? stat : overlay(stat, stored.stat);
    const node = fromStat(entry.name, seen, extras);
    if (stored !== undefined) {
      node.size = BigInt(stored.size);
      node.content = splitIds(stored.ids);
    }
    return node;
  }

  /** A file with several names is read once; by the next name, when one of them is gone or not readable. */
  #once(
    { stat }: WalkEntry,
    isDatabase: boolean,
    read: () => Promise<StoredFile | undefined>,
  ): Promise<StoredFile | undefined> {
    if (stat.nlink <= 1n) return read();
    // A database is of one moment by every name, however it is written to meanwhile.
    const state = isDatabase ? "" : `:${stat.size}:${stat.mtimeNs}`;
    const key = `${stat.dev}:${stat.ino}${state}`;
    const earlier = this.#hardLinks.get(key);
    const reading = earlier === undefined ? read() : earlier.then((stored) => stored ?? read());
    this.#hardLinks.set(key, reading);
    return reading;
  }

  async #read(entry: WalkEntry, isDatabase: boolean): Promise<StoredFile | undefined> {
    let outcome: FileOutcome = { kind: "database" };
    if (!isDatabase) outcome = await this.#store.store(this.#taskOf(entry));
    if (outcome.kind === "database") outcome = await this.#database(entry);
    if (outcome.kind === "stored") return outcome;
    if (outcome.kind === "failed") this.#fileFailed(entry, outcome.code, outcome.message);
    return undefined;
  }

  #taskOf({ path, stat, content }: WalkEntry): FileTask {
    const { size, mtimeNs, ctimeNs, ino } = stat;
    const isCopy = content !== undefined;
    return {
      path: content ?? path,
      size: Number(size),
      seen: isCopy ? undefined : { size, mtimeNs, ctimeNs, ino },
      range: undefined,
      pageChunk: undefined,
      refuseDatabases: !isCopy,
      format: this.#options.contentOf?.(path),
    };
  }

  /** A copy of ours that is gone is no file that its owner removed. */
  #fileFailed({ path, content }: WalkEntry, code: string | undefined, message: string): void {
    if (code === "ENOENT" && content === undefined) this.#result.vanished.push(path);
    else this.#result.failures.push({ path, code, message });
  }

  async #database(entry: WalkEntry): Promise<FileOutcome> {
    while (this.#captures >= MAX_CAPTURES_AT_ONCE) {
      await new Promise<void>((resolve) => this.#captureWaiters.push(resolve));
    }
    this.#captures++;
    try {
      for (let attempt = 0; ; attempt++) {
        let captured: PageImage;
        try {
          captured = await this.#options.databases.capture(entry.path, attempt);
        } catch (error) {
          const hint = error instanceof ClawbackError && error.hint ? `; ${error.hint}` : "";
          return { kind: "failed", code: errno(error), message: messageOf(error) + hint };
        }
        await using image = captured;
        const outcome = await this.#store.storePages(image, (bytes) =>
          this.#options.progress.add({ bytes, current: entry.path.toString() }),
        );
        const confirmed = outcome.kind === "stored" && (await image.confirm());
        if (confirmed || attempt + 1 >= MAX_CAPTURES) {
          return outcome.kind === "stored" ? { ...outcome, changed: !confirmed } : outcome;
        }
      }
    } finally {
      this.#captures--;
      this.#captureWaiters.shift()?.();
    }
  }

  /** @param told bytes that the progress has had already */
  #count(file: ArchivedFile, told = 0): void {
    const { path, state, size } = file;
    this.#result.files[state]++;
    this.#result.bytesScanned += size;
    this.#options.progress.add({ files: 1, bytes: size - told, current: path.toString() });
    this.#onFile(file);
  }
}

/** A file that was read to be sure, and turned out to be the same, has not changed. */
function stateOf(before: TreeNode | undefined, node: TreeNode): EntryState {
  if (before === undefined) return "new";
  return before.content?.join() === node.content?.join() ? "unchanged" : "changed";
}

/** Data may be newer than the main file's times tell: in a write-ahead log or a journal beside it. */
function hasJournal(entry: WalkEntry, siblings: ReadonlySet<string>): boolean {
  const name = entry.name.toString("latin1");
  return siblings.has(`${name}-wal`) || siblings.has(`${name}-journal`);
}

/** The stat of the walk with what was seen when the file was opened. */
function overlay(stat: BigIntStats, seen: Partial<BigIntStats>): BigIntStats {
  return Object.assign(Object.create(Object.getPrototypeOf(stat)) as BigIntStats, stat, seen);
}
