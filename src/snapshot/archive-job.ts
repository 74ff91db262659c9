import type { SymmetricKey } from "../crypto/sealer.ts";
import type { KnownBlobsShare } from "../repository/known-blobs.ts";
import type { PackedBlob } from "../repository/pack.ts";
import type { ContentFinding, ContentFormat } from "./content-format.ts";

/** What the archiver and its threads say to each other. */

export interface ArchiveWorkerData {
  key: SymmetricKey;
  version: 1 | 2;
  chunkerPolynomial: bigint;
  known: KnownBlobsShare;
}

export interface FileTask {
  path: string | Uint8Array;
  /** Bytes, about: what tells small files from large ones. */
  size: number;
  /** What `lstat` saw; undefined for an image or a copy of ours, whose metadata mean nothing. */
  seen: FileStat | undefined;
  /** Read only `[offset, offset + length)`; undefined for the whole file. */
  range: { offset: number; length: number } | undefined;
  /** Bytes of a chunk for a file of pages (a database's image); undefined: cut by content. */
  pageChunk: number | undefined;
  /** A file that begins as a SQLite database is not read but reported: it is to be captured first. */
  refuseDatabases: boolean;
  /** What it is to parse as. */
  format: ContentFormat | undefined;
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
      /** 64 hex digits for each chunk, in order, without a gap. */
      ids: string;
      /** Bytes read: the node's size. */
      size: number;
      /** What `fstat` saw at the first read, when it was not what `seen` says. */
      stat: FileStat | undefined;
      /** Size or times changed while it was read: what was taken is the prefix that was there at the first read. */
      changed: boolean;
      /** Bytes whose progress was told already, part by part. */
      told?: number;
      /** What parsing it found, when the task has a format. */
      content?: ContentFinding;
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
  /** The blobs' ids, 64 hex digits each, and three numbers for each: as columns they cost nothing to send. */
  ids: string;
  numbers: Uint32Array<ArrayBuffer>;
}

/** Data blobs as the columns of a `PackEvent`. */
export function packColumns(blobs: readonly PackedBlob[]): Pick<PackEvent, "ids" | "numbers"> {
  const numbers = new Uint32Array(blobs.length * 3);
  for (const [i, { offset, length, uncompressedLength }] of blobs.entries()) {
    numbers.set([offset, length, uncompressedLength], i * 3);
  }
  return { ids: blobs.map(({ id }) => id).join(""), numbers };
}

/** The reverse of `packColumns`. */
export function blobsOf({ ids, numbers }: Pick<PackEvent, "ids" | "numbers">): PackedBlob[] {
  return splitIds(ids).map((id, i) => ({
    type: "data",
    id,
    offset: numbers[i * 3] as number,
    length: numbers[i * 3 + 1] as number,
    uncompressedLength: numbers[i * 3 + 2] as number,
  }));
}

/** Ids that were joined, one by one. */
export function splitIds(joined: string): string[] {
  const ids: string[] = [];
  for (let at = 0; at < joined.length; at += 64) ids.push(joined.slice(at, at + 64));
  return ids;
}

/** A buffer to fill. */
export interface BufferNote {
  buffer: ArrayBuffer;
}
