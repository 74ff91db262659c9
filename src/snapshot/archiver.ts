import { type BigIntStats, closeSync, constants, openSync } from "node:fs";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { BlobWriter } from "../repository/blob-writer.ts";
import type { Repository } from "../repository/repository.ts";
import { type FileOutcome, splitIds } from "./archive-job.ts";
import { FileStore, type StoredFile } from "./file-store.ts";
import { fromStat, type TreeNode } from "./node.ts";
import { ParentTree } from "./parent-tree.ts";
import { PendingDirectory, TreeBuilder } from "./tree-builder.ts";
import { systemNames } from "./users.ts";
import {
  type LeftOut,
  type Selector,
  walk,
  type WalkEntry,
  type WalkFailure,
  type WalkStep,
} from "./walker.ts";

/** A consistent image of a database, as a plain file of pages. */
export interface PageImage extends AsyncDisposable {
  path: string | Uint8Array;
  /** Bytes. */
  size: number;
  /** Bytes of a chunk, a multiple of the page size. */
  pageChunk: number;
  /** After it was read: whether it was the same all along. */
  confirm(): Promise<boolean>;
}

/** How databases are taken: the archiver knows that they are, not how. */
export interface DatabaseHook {
  /** True when the parent snapshot has this very state of it. */
  isUnchanged(path: Buffer): Promise<boolean>;
  /** True when it is known to be a database without a look inside. */
  isKnown(path: Buffer): boolean;
  /** @param attempt 0 at first; more when the image of the last attempt was not confirmed */
  capture(path: Buffer, attempt: number): Promise<PageImage>;
}

export interface ArchiveOptions {
  repository: Repository;
  /** Throws when the repository's lock is lost. */
  assertHeld(): void;
  /** Absolute paths of what to take. */
  roots: readonly Buffer[];
  select: Selector;
  /** From `measureSource`, which may still be at it. */
  total: Promise<SourceSize>;
  databases: DatabaseHook;
  /** The snapshot to compare with: its root tree, and when it was begun in ms since 1970. */
  parent: { tree: string; time: number } | undefined;
  /** A file of our own in the tree, made when all else is known. */
  ownFile: { directory: string; name: string; content(result: WalkResult): Buffer };
  /** Look and compare, store nothing. */
  dryRun: boolean;
  now: Date;
  progress: Progress;
  signal: AbortSignal;
}

/** What became of an entry. */
type EntryState = "new" | "changed" | "unchanged";

export interface ArchivedFile {
  path: Buffer;
  state: EntryState;
  /** Bytes in the snapshot. */
  size: number;
  /** Whether its bytes were read; an unchanged file is read when its times cannot vouch for it. */
  read: boolean;
}

/** What the walk brought, without what is stored of it. */
export interface WalkResult {
  files: { new: number; changed: number; unchanged: number };
  directories: number;
  links: number;
  /** Bytes of the files in the snapshot. */
  bytesScanned: number;
  leftOut: LeftOut[];
  /** Could not be taken: the snapshot is incomplete. */
  failures: WalkFailure[];
  /** Gone between listing and reading. */
  vanished: Buffer[];
  /** Taken as the prefix that was there at the first look, since they changed meanwhile. */
  changedWhileRead: Buffer[];
}

export interface ArchiveResult extends WalkResult {
  /** Id of the root tree. Empty for a dry run. */
  tree: string;
  /** Plain bytes of what the repository did not have. */
  bytesAdded: number;
  /** Bytes that the repository has grown by. */
  bytesStored: number;
  blobsStored: number;
}

/** A database that will not hold still is captured anew so many times. */
const MAX_CAPTURES = 3;
const MAX_CAPTURES_AT_ONCE = 2;
/** Between a database's pages and a file's chunks: the table of new blobs has twice the room. */
const BYTES_A_BLOB = 16 << 10;
/** The walk gives way to everything else after so many entries. */
const ENTRIES_A_TURN = 256;

/**
 * Stores what lies below the roots as trees and blobs. The walk goes ahead; files are read by the
 * threads of `FileStore`; a directory is stored when the last of what is in it is. The snapshot
 * that names the result is the caller's to write, after this.
 *
 * @throws E_STORAGE_…, E_NO_SPACE, E_LOCK_LOST, E_INTERRUPTED; what fails of the source is in the result
 */
export async function archive(
  options: ArchiveOptions,
  onFile: (file: ArchivedFile) => void,
): Promise<ArchiveResult> {
  const writer = new BlobWriter(options.repository, options.assertHeld);
  const total = await options.total;
  options.progress.start("Storing", total);
  await using store = options.dryRun
    ? undefined
    : new FileStore(options.repository, writer, total.files + total.bytes / BYTES_A_BLOB);
  const run = new ArchiveRun(options, writer, store, onFile);
  const abort = () => void store?.[Symbol.asyncDispose]();
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    return await run.run();
  } catch (error) {
    throw options.signal.aborted ? interruption(options.signal) : error;
  } finally {
    options.signal.removeEventListener("abort", abort);
    options.progress.finish();
  }
}

/** How much there is to store at most. */
export interface SourceSize {
  files: number;
  bytes: number;
}

/** A first walk for the totals: progress that can tell how long, tables that need not grow. */
export async function measureSource(
  roots: readonly Buffer[],
  select: Selector,
  signal: AbortSignal,
): Promise<SourceSize> {
  const total = { files: 0, bytes: 0 };
  let entries = 0;
  for (const step of walk(roots, select, { measure: false })) {
    if (step.kind === "entry" && step.entry.stat.isFile()) {
      total.files++;
      total.bytes += Number(step.entry.stat.size);
    }
    if (++entries % ENTRIES_A_TURN === 0) await turn(signal);
  }
  return total;
}

class ArchiveRun {
  readonly #options: ArchiveOptions;
  readonly #writer: BlobWriter;
  readonly #store: FileStore | undefined;
  readonly #onFile: (file: ArchivedFile) => void;
  readonly #trees: TreeBuilder;
  readonly #parent: ParentTree;
  readonly #names = systemNames();
  readonly #hardLinks = new Map<string, Promise<StoredFile | undefined>>();
  readonly #result: WalkResult = {
    files: { new: 0, changed: 0, unchanged: 0 },
    directories: 0,
    links: 0,
    bytesScanned: 0,
    leftOut: [],
    failures: [],
    vanished: [],
    changedWhileRead: [],
  };
  #captures = 0;
  #captureWaiters: (() => void)[] = [];
  #fault: unknown;

  constructor(
    options: ArchiveOptions,
    writer: BlobWriter,
    store: FileStore | undefined,
    onFile: (file: ArchivedFile) => void,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#store = store;
    this.#onFile = onFile;
    this.#trees = new TreeBuilder(writer, options.dryRun);
    this.#parent = new ParentTree(options.repository, options.parent);
  }

  async run(): Promise<ArchiveResult> {
    const top = new PendingDirectory();
    await this.#walk(top);
    this.#store?.push();
    await top.settled();
    if (this.#fault !== undefined) throw this.#fault;
    await this.#store?.finish();
    if (this.#options.dryRun) {
      return { ...this.#result, tree: "", bytesAdded: 0, bytesStored: 0, blobsStored: 0 };
    }
    await this.#addOwnFile(top);
    const tree = await this.#trees.save(top);
    await this.#writer.flush();
    const { bytesAdded, bytesStored, blobsStored } = this.#writer;
    return { ...this.#result, tree, bytesAdded, bytesStored, blobsStored };
  }

  async #walk(top: PendingDirectory): Promise<void> {
    const { roots, select, signal } = this.#options;
    const open: PendingDirectory[] = [top];
    await this.#parent.enter(undefined);
    let entries = 0;
    for (const step of walk(roots, select, { measure: true })) {
      if (++entries % ENTRIES_A_TURN === 0) await turn(signal);
      if (this.#fault !== undefined) throw this.#fault;
      await this.#step(step, open);
    }
    await this.#parent.leave();
  }

  async #step(step: WalkStep, open: PendingDirectory[]): Promise<void> {
    const directory = open.at(-1) as PendingDirectory;
    switch (step.kind) {
      case "enter": {
        this.#result.directories++;
        open.push(new PendingDirectory());
        await this.#parent.enter(step.entry.name);
        return;
      }
      case "leave": {
        open.pop();
        const outer = open.at(-1) as PendingDirectory;
        await this.#parent.leave();
        outer.expect(this.#guard(this.#finishDirectory(step.entry, directory)));
        return;
      }
      case "entry": {
        if (!step.entry.stat.isFile()) {
          this.#result.links++;
          directory.add(this.#node(step.entry));
          return;
        }
        await this.#store?.room();
        const before = this.#parent.child(step.entry.name);
        directory.expect(this.#guard(this.#file(step.entry, before, step.siblings)));
        return;
      }
      case "left-out":
        this.#result.leftOut.push(step.leftOut);
        return;
      case "vanished":
        this.#result.vanished.push(step.path);
        return;
      case "failed":
        this.#result.failures.push(step.failure);
        return;
    }
  }

  /** A fault of ours, as against one of a file, ends the run at the next step. */
  async #guard<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.#fault ??= error;
      return undefined;
    }
  }

  async #finishDirectory(entry: WalkEntry, pending: PendingDirectory): Promise<TreeNode> {
    await pending.settled();
    if (this.#fault !== undefined) throw this.#fault;
    return { ...this.#node(entry), subtree: await this.#trees.save(pending) };
  }

  async #file(
    entry: WalkEntry,
    before: TreeNode | undefined,
    siblings: ReadonlySet<string>,
  ): Promise<TreeNode | undefined> {
    const { databases } = this.#options;
    const known = databases.isKnown(entry.path);
    const unchanged = known
      ? await databases.isUnchanged(entry.path)
      : !hasJournal(entry, siblings) && this.#parent.isUnchanged(before, entry.stat);
    if (unchanged && before !== undefined && this.#parent.holds(before)) {
      const node = { ...this.#node(entry), size: before.size ?? 0n, content: before.content ?? [] };
      this.#count(entry, "unchanged", Number(node.size), false);
      return node;
    }
    const stored = await this.#once(entry, () => this.#read(entry, known));
    if (stored === undefined) return undefined;
    if (stored.changed) this.#result.changedWhileRead.push(entry.path);
    const node = this.#node(entry, stored);
    this.#count(entry, stateOf(before, node), stored.size, true, stored.told);
    return node;
  }

  /** A file with several names is read once; by the next name, when one of them is gone or not readable. */
  #once(
    { stat }: WalkEntry,
    read: () => Promise<StoredFile | undefined>,
  ): Promise<StoredFile | undefined> {
    if (stat.nlink <= 1n) return read();
    const key = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    const earlier = this.#hardLinks.get(key);
    const reading = earlier === undefined ? read() : earlier.then((stored) => stored ?? read());
    this.#hardLinks.set(key, reading);
    return reading;
  }

  async #read(entry: WalkEntry, isDatabase: boolean): Promise<StoredFile | undefined> {
    if (this.#store === undefined) return this.#tryOpen(entry);
    let outcome: FileOutcome = { kind: "database" };
    if (!isDatabase) {
      const { size, mtimeNs, ctimeNs, ino } = entry.stat;
      outcome = await this.#store.store({
        path: entry.path,
        seen: { size, mtimeNs, ctimeNs, ino },
        range: undefined,
        pageChunk: undefined,
        refuseDatabases: true,
      });
    }
    if (outcome.kind === "database") outcome = await this.#database(entry, this.#store);
    if (outcome.kind === "stored") return outcome;
    if (outcome.kind === "failed") this.#fileFailed(entry.path, outcome.code, outcome.message);
    return undefined;
  }

  /** A dry run asks of a file what the real one would: may it be read. */
  #tryOpen(entry: WalkEntry): StoredFile | undefined {
    try {
      closeSync(openSync(entry.path, constants.O_RDONLY | constants.O_NOFOLLOW));
    } catch (error) {
      this.#fileFailed(entry.path, errno(error), messageOf(error));
      return undefined;
    }
    const size = Number(entry.stat.size);
    return { kind: "stored", ids: "", size, stat: undefined, changed: false };
  }

  #fileFailed(path: Buffer, code: string | undefined, message: string): void {
    if (code === "ENOENT") this.#result.vanished.push(path);
    else this.#result.failures.push({ path, code, message });
  }

  async #database(entry: WalkEntry, store: FileStore): Promise<FileOutcome> {
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
        const outcome = await store.storePages(image, (bytes) =>
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

  #node(entry: WalkEntry, stored?: StoredFile): TreeNode {
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

  #count(entry: WalkEntry, state: EntryState, size: number, read: boolean, told = 0): void {
    this.#result.files[state]++;
    this.#result.bytesScanned += size;
    this.#options.progress.add({ files: 1, bytes: size - told, current: entry.path.toString() });
    this.#onFile({ path: entry.path, state, size, read });
  }

  async #addOwnFile(top: PendingDirectory): Promise<void> {
    const { ownFile, now } = this.#options;
    const content = ownFile.content(this.#result);
    const file = await this.#trees.ownFile(ownFile.name, content, now);
    const directory = new PendingDirectory();
    directory.add(file);
    const subtree = await this.#trees.save(directory);
    top.add(this.#trees.ownDirectory(ownFile.directory, subtree, now));
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

async function turn(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (signal.aborted) throw interruption(signal);
}

function interruption(signal: AbortSignal): unknown {
  return signal.reason instanceof ClawbackError
    ? signal.reason
    : new ClawbackError(
        "E_INTERRUPTED",
        "interrupted: nothing was added to the repository's list of snapshots",
        {
          hint: "run the command again",
        },
      );
}
