import type { SymmetricKey } from "../crypto/sealer.ts";
import type { KnownBlobsShare } from "../repository/known-blobs.ts";
import type { PackedBlob } from "../repository/pack.ts";

/** What the archiver and its threads say to each other. */

export interface ArchiveWorkerData {
  key: SymmetricKey;
  version: 1 | 2;
  chunkerPolynomial: bigint;
  known: KnownBlobsShare;
}

export interface FileTask {
  path: string | Uint8Array;
  /** What `lstat` saw; undefined for an image of ours, whose metadata mean nothing. */
  seen: FileStat | undefined;
  /** Read only `[offset, offset + length)`; undefined for the whole file. */
  range: { offset: number; length: number } | undefined;
  /** Bytes of a chunk for a file of pages (a database's image); undefined: cut by content. */
  pageChunk: number | undefined;
  /** A file that begins as a SQLite database is not read but reported: it is to be captured first. */
  refuseDatabases: boolean;
}

/** The fields of a stat that tell whether a file is still the same. */
export interface FileStat {
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
}

export type FileOutcome =
  | {
      kind: "stored";
      /** 32 raw bytes for each chunk, in order. */
      ids: Uint8Array;
      /** Bytes read: the node's size. */
      size: number;
      /** What `fstat` saw at the first read, when it was not what `seen` says. */
      stat: FileStat | undefined;
      /** Size or times changed while it was read: what was taken is the prefix that was there at the first read. */
      changed: boolean;
    }
  | { kind: "database" }
  | { kind: "failed"; code: string | undefined; message: string };

export type ArchiveJob = { files: FileTask[] } | { flush: true };

/** For each file of the job in order; a flush answers with none. */
export type ArchiveResult = FileOutcome[];

/** A full pack on its way out. Its buffer comes back as a note when it is stored. */
export interface PackEvent {
  id: string;
  buffer: ArrayBuffer;
  length: number;
  blobs: PackedBlob[];
}

/** A buffer to fill. */
export interface BufferNote {
  buffer: ArrayBuffer;
}
