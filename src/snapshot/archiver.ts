import { BlobWriter } from "../repository/blob-writer.ts";
import type { ArchivedFile, ArchiveOptions, ArchiveResult, WalkResult } from "./archive-options.ts";
import { FileArchiver } from "./file-archiver.ts";
import { FileStore } from "./file-store.ts";
import type { SourceSize } from "./measure-source.ts";
import type { TreeNode } from "./node.ts";
import { ParentTree } from "./parent-tree.ts";
import { PendingDirectory, TreeBuilder } from "./tree-builder.ts";
import { ENTRIES_A_TURN, interruption, takeTurn } from "./turns.ts";
import { walk, type WalkEntry, type WalkStep } from "./walker.ts";

/** Between a database's pages and a file's chunks: the table of new blobs has twice the room. */
const BYTES_A_BLOB = 16 << 10;

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
  await using store = new FileStore(options.repository, writer, expectedBlobs(total));
  const run = new ArchiveRun(options, writer, store, onFile);
  const abort = () => void store[Symbol.asyncDispose]();
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

class ArchiveRun {
  readonly #options: ArchiveOptions;
  readonly #writer: BlobWriter;
  readonly #store: FileStore;
  readonly #files: FileArchiver;
  readonly #trees: TreeBuilder;
  readonly #parent: ParentTree;
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
  #fault: unknown;

  constructor(
    options: ArchiveOptions,
    writer: BlobWriter,
    store: FileStore,
    onFile: (file: ArchivedFile) => void,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#store = store;
    this.#trees = new TreeBuilder(writer);
    this.#parent = new ParentTree(options.repository, options.parent);
    this.#files = new FileArchiver(options, store, this.#parent, this.#result, onFile);
  }

  async run(): Promise<ArchiveResult> {
    const top = new PendingDirectory();
    await this.#walk(top);
    this.#store.push();
    await top.settled();
    if (this.#fault !== undefined) throw this.#fault;
    await this.#store.finish();
    await this.#addOwnFile(top);
    const tree = await this.#trees.save(top);
    await this.#writer.flush();
    const { bytesAdded, bytesStored, blobsStored } = this.#writer;
    return { ...this.#result, tree, bytesAdded, bytesStored, blobsStored };
  }

  async #walk(top: PendingDirectory): Promise<void> {
    const { roots, select, frozen, pinned, signal } = this.#options;
    const overlay = { ...(frozen && { frozen }), ...(pinned && { pinned }) };
    const open: PendingDirectory[] = [top];
    await this.#parent.enter(undefined);
    let entries = 0;
    for (const step of walk(roots, select, { measure: true, ...overlay })) {
      if (++entries % ENTRIES_A_TURN === 0) await takeTurn(signal);
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
          directory.add(this.#files.node(step.entry));
          return;
        }
        await this.#store.room();
        const before = this.#parent.child(step.entry.name);
        directory.expect(this.#guard(this.#files.file(step.entry, before, step.siblings)));
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
    const subtree = await this.#trees.save(pending);
    this.#options.onDirectory?.(entry.path, subtree);
    return { ...this.#files.node(entry), subtree };
  }

  async #addOwnFile(top: PendingDirectory): Promise<void> {
    const { ownFile, now } = this.#options;
    const content = ownFile.content(this.#result, top.id());
    const file = await this.#trees.ownFile(ownFile.name, content, now);
    const directory = new PendingDirectory();
    directory.add(file);
    const subtree = await this.#trees.save(directory);
    top.add(this.#trees.ownDirectory(ownFile.directory, subtree, now));
  }
}

/** Holes are all the same blob, and a table that is larger than needed is larger all the same. */
function expectedBlobs({ files, bytes, allocated = bytes }: SourceSize): number {
  return files + allocated / BYTES_A_BLOB;
}
