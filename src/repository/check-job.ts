import type { SymmetricKey } from "../crypto/sealer.ts";
import type { PackedBlob } from "./pack.ts";

export interface CheckWorkerData {
  key: SymmetricKey;
}

/** A whole pack, and what the index says is in it. */
export interface CheckJob {
  bytes: ArrayBuffer;
  byteOffset: number;
  byteLength: number;
  pack: string;
  indexed: PackedBlob[];
}

/** What is wrong with it: nothing, when it is whole. */
export type CheckResult = string[];
