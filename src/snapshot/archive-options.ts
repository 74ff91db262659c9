import type { Progress } from "../progress.ts";
import type { Repository } from "../repository/repository.ts";
import type { ContentFinding, ContentFormat } from "./content-format.ts";
import type { FrozenDirectory, FrozenEntry } from "./frozen.ts";
import type { WalkFailure } from "./listing.ts";
import type { SourceSize } from "./measure-source.ts";
import type { LeftOut, Selector } from "./walker.ts";

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
  /** Directories to take as they were, by their paths as latin1. */
  frozen?: ReadonlyMap<string, FrozenDirectory>;
  /** Files to take as they were, by their paths as latin1. */
  pinned?: ReadonlyMap<string, FrozenEntry>;
  /** What a file must parse as; undefined: its bytes are its own affair. */
  contentOf?(path: Buffer): ContentFormat | undefined;
  /** From `measureSource`, which may still be at it. */
  total: Promise<SourceSize>;
  databases: DatabaseHook;
  /** The snapshot to compare with: its root tree, and when it was begun in ms since 1970. */
  parent: { tree: string; time: number } | undefined;
  /** Told of every directory, when the last of what is in it is stored: the id of its tree. */
  onDirectory?(path: Buffer, tree: string): void;
  /**
   * A file of our own in the tree, made when all else is known.
   * `tree` is the id of the root tree as it is without that file.
   */
  ownFile: { directory: string; name: string; content(result: WalkResult, tree: string): Buffer };
  now: Date;
  progress: Progress;
  signal: AbortSignal;
}

/** What became of an entry. */
export type EntryState = "new" | "changed" | "unchanged";

export interface ArchivedFile {
  path: Buffer;
  state: EntryState;
  /** Bytes in the snapshot. */
  size: number;
  /** Whether its bytes were read; an unchanged file is read when its times cannot vouch for it. */
  read: boolean;
  /** What parsing found, of a file that was read and has a format. */
  content?: ContentFinding;
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
