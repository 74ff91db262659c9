/**
 * Where a repository's files lie. A storage knows names, bytes and nothing of what they mean.
 * The layout of names is restic's ("default layout", https://restic.readthedocs.io, design).
 */
export type FileType = "config" | "key" | "lock" | "snapshot" | "index" | "pack";

/** One file. `config` is alone of its kind: its name is the empty string. */
export interface FileHandle {
  type: FileType;
  /** Lower-case hex SHA-256, or "" for `config`. */
  name: string;
}

export interface FileInfo {
  name: string;
  /** Bytes. */
  size: number;
}

/** Bytes `[offset, offset + length)` of a file. */
export interface ByteRange {
  offset: number;
  length: number;
}

/**
 * The one interface every place implements (see `test/storage/conformance.ts`, and docs/adding-a-storage.md).
 *
 * Errors: `E_STORAGE_NOT_FOUND`, `E_STORAGE_EXISTS`, `E_STORAGE_UNREACHABLE` (worth another try),
 * `E_NO_SPACE`, `E_PERMISSION`; anything else is a fault that trying again will not mend. A name
 * that is not one is `E_DAMAGED`: names come out of other files.
 */
export interface Storage extends AsyncDisposable {
  /** Printable, without passwords. */
  readonly location: string;
  /** How many requests it likes to have under way at once. */
  readonly concurrency: number;

  /** Makes the empty layout. Succeeds when it is there already. */
  create(): Promise<void>;

  /**
   * Writes a whole file, all or nothing: it is never seen half-written under its name, and has
   * reached the disk (or the service's promise of it) on return. Never overwrites: a file of that
   * name is `E_STORAGE_EXISTS`.
   */
  save(handle: FileHandle, data: Uint8Array): Promise<void>;

  /** The file, or a part of it; a range that reaches past the end is `E_DAMAGED`. */
  load(handle: FileHandle, range?: ByteRange): Promise<Uint8Array>;

  stat(handle: FileHandle): Promise<FileInfo>;

  /**
   * All files of a type, in any order, each once; names that are not hex SHA-256 are passed over.
   * A layout that is not there is empty. What comes or goes meanwhile may be told or not.
   */
  list(type: FileType): AsyncIterable<FileInfo>;

  /** A file that is not there is `E_STORAGE_NOT_FOUND`. */
  remove(handle: FileHandle): Promise<void>;
}
