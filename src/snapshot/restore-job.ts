import type { SymmetricKey } from "../crypto/sealer.ts";

/** What the restorer and its threads say to each other. */

export interface RestoreWorkerData {
  key: SymmetricKey;
}

/** Some blobs of one pack, and where their plain bytes go. */
export interface RestoreJob {
  /** A part of the pack. */
  bytes: ArrayBuffer;
  byteOffset: number;
  /** Where in the pack that part begins. */
  base: number;
  blobs: RestoreBlob[];
}

export interface RestoreBlob {
  id: string;
  /** Within the pack. */
  offset: number;
  length: number;
  uncompressedLength: number;
  /** `path` as latin1, which maps any bytes one to one; `at` in bytes. */
  writes: { path: string; at: number }[];
}

/** Which blobs could not be brought back, and why. */
export interface RestoreJobResult {
  failed: { id: string; message: string }[];
}
