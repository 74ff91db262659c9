import { rm } from "node:fs/promises";
import type { FactsReport } from "./facts.ts";
import type { CaptureMethod, CaptureOutcome } from "./outcome.ts";
import type { RawPath } from "./path.ts";
import { orNull, sameStamp, stampOf } from "./signature.ts";
import type { DatabaseSignature } from "./signature.ts";
import type { Verification } from "./verify.ts";

/** A consistent image of a database, as a plain file. Dispose of it after its last read. */
export interface DatabaseImage extends AsyncDisposable {
  /** The source file itself (method `direct`), or a 0600 file in scratch. */
  path: RawPath;
  /** Bytes. */
  size: number;
  /** Bytes. */
  pageSize: number;
  /** Pages, the last one perhaps not whole. */
  pages: number;
  method: CaptureMethod;
  /** False when it could not be proven to be one commit; `reason` says why. */
  consistent: boolean;
  reason?: string;
  journal: "wal" | "rollback";
  /** Committed frames of the log that were merged. */
  walFrames: number;
  /** How long a read transaction was held, in ms. */
  longestPinMs: number;
  /** The source before its first read: for telling, next time, whether anything was written since. */
  signature: DatabaseSignature;
  /** What is in this very image; under way since it was taken. Rejects with E_INTERRUPTED only. */
  examination: Promise<Examination>;
  /**
   * To be asked after the bytes were read from `path`: whether they are the image. Always true of
   * a copy. On false, what was read is worthless: capture again, with `forceCopy`.
   */
  confirm(): Promise<boolean>;
}

/** Images of several databases as of one moment. Disposes of those that still are there. */
export interface CaptureWindow extends AsyncDisposable {
  /** By the path that was asked for, as latin1, which maps any bytes one to one. */
  images: Map<string, DatabaseImage>;
  /** From the first read transaction to the last, in ms: as far as two pinned images may be apart. */
  windowMs: number;
  /** What was not taken, and why. Each may still be captured alone. */
  left: Array<{ path: RawPath; reason: string }>;
}

/** What was read from an image: `problems` is what is odd about it, in sentences. */
export interface Examination extends FactsReport {
  /** Whether this very image is sound. */
  verification: Verification;
}

/** @param places what goes with the image, if it is there */
export function imageOf(
  { doubt, ...outcome }: CaptureOutcome,
  examination: Promise<Examination>,
  places: string[],
): DatabaseImage {
  const isDirect = outcome.method === "direct";
  // Whoever asks for it sees the failure; should nobody, it is not an unhandled one.
  examination.catch(() => undefined);
  return {
    ...outcome,
    path: isDirect ? outcome.path : outcome.path.toString(),
    pages: Math.ceil(outcome.size / outcome.pageSize),
    consistent: doubt === undefined,
    ...(doubt === undefined ? {} : { reason: doubt }),
    examination,
    async confirm() {
      if (!isDirect) return true;
      return sameStamp(outcome.signature.main, await orNull(() => stampOf(outcome.path)));
    },
    async [Symbol.asyncDispose]() {
      await examination.catch(() => undefined);
      await removePlaces(places);
    },
  };
}

export async function removePlaces(places: string[]): Promise<void> {
  await Promise.all(places.map((place) => rm(place, { recursive: true, force: true })));
}
