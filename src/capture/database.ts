import { rm } from "node:fs/promises";
import { messageOf } from "../errors.ts";
import type { CaptureMethod, CaptureOutcome } from "./capture.ts";
import type { DatabaseFacts, FactsReport } from "./facts.ts";
import type { RawPath } from "./path.ts";
import { placeIn } from "./scratch.ts";
import { sameStamp, stampOf } from "./signature.ts";
import type { DatabaseSignature } from "./signature.ts";
import { WorkerClient } from "./worker-client.ts";

export { isSqliteHeader } from "./header.ts";
export { SIDECAR_SUFFIXES } from "./path.ts";
export type { RawPath } from "./path.ts";
export { databaseSignature, sameSignature } from "./signature.ts";
export type { DatabaseSignature } from "./signature.ts";
export type { CaptureMethod } from "./capture.ts";
export type { DatabaseFacts } from "./facts.ts";

export interface DatabaseCapturerOptions {
  /** A private directory on a disk with room for the largest database, which exists. */
  scratch: string;
  /** Another one, for when the first is full. */
  fallbackScratch?: string;
  /** Stops work under way with E_INTERRUPTED; locks and scratch files are gone then. */
  signal?: AbortSignal;
  /** How long counting rows may take, in ms; 20 s. */
  factsMs?: number;
}

export interface CaptureOptions {
  /** Take a copy even of a file that rests; for another try after `confirm()` said no. */
  forceCopy?: boolean;
  /** Other names (hard links) of the same file, as far as they are known. */
  otherNames?: RawPath[];
}

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
  /** Taken from this very image; undefined when SQLite cannot read it. */
  facts: DatabaseFacts | undefined;
  /** What is odd about the image, in sentences: no tables, cut short, unreadable … */
  problems: string[];
  /**
   * To be asked after the bytes were read from `path`: whether they are the image. Always true of
   * a copy. On false, what was read is worthless: capture again, with `forceCopy`.
   */
  confirm(): Promise<boolean>;
}

/** Copies of files that belong together. Dispose of them after the last read. */
export interface StableSet extends AsyncDisposable {
  /** Those files that are there, in the order asked for. */
  files: Array<{ source: Buffer; path: Buffer; size: number }>;
  /** False when one of them changed, came or went during every attempt. */
  stable: boolean;
}

/**
 * Takes images of live SQLite databases, and never changes a source: nothing is written, created,
 * truncated or checkpointed beside it. The reading happens in another process, one database at a
 * time, so this one stays responsive, and closing files here cannot drop locks there.
 */
export class DatabaseCapturer implements AsyncDisposable {
  readonly #options: DatabaseCapturerOptions;
  readonly #worker = new WorkerClient();

  constructor(options: DatabaseCapturerOptions) {
    this.#options = options;
  }

  /**
   * @throws E_NO_SPACE when no scratch directory has the room, E_INTERRUPTED, and errors of the
   * file system (`ENOENT`: the file is gone)
   */
  async capture(path: RawPath, options: CaptureOptions = {}): Promise<DatabaseImage> {
    const outcome = await this.#inPlaces((places) =>
      this.#worker.request(
        "capture",
        {
          path: Buffer.from(path),
          otherNames: (options.otherNames ?? []).map((name) => Buffer.from(name)),
          places,
          forceCopy: options.forceCopy ?? false,
        },
        { signal: this.#options.signal },
      ),
    );
    try {
      return imageOf(outcome.answer, await this.#facts(outcome.answer.path), outcome.places);
    } catch (error) {
      await remove(outcome.places);
      throw error;
    }
  }

  /** Copies files as one set: a database without a readable header and its sidecars, say. */
  async captureStableSet(paths: RawPath[]): Promise<StableSet> {
    const { answer, places } = await this.#inPlaces((made) =>
      this.#worker.request(
        "set",
        { paths: paths.map((path) => Buffer.from(path)), places: made },
        { signal: this.#options.signal },
      ),
    );
    return { ...answer, [Symbol.asyncDispose]: () => remove(places) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }

  async #inPlaces<T>(
    work: (places: string[]) => Promise<T>,
  ): Promise<{ answer: T; places: string[] }> {
    const { scratch, fallbackScratch } = this.#options;
    const places = [scratch, fallbackScratch].filter((dir) => dir !== undefined).map(placeIn);
    try {
      return { answer: await work(places), places };
    } catch (error) {
      await remove(places);
      throw error;
    }
  }

  async #facts(path: Buffer): Promise<FactsReport> {
    const { signal, factsMs = 20_000 } = this.#options;
    try {
      // A count cannot be interrupted: past twice the time, the process is ended.
      const timeoutMs = 2 * factsMs;
      return await this.#worker.request(
        "facts",
        { path, budgetMs: factsMs },
        { signal, timeoutMs },
      );
    } catch (error) {
      if (signal?.aborted) throw error;
      return { facts: undefined, problems: [`its rows were not counted: ${messageOf(error)}`] };
    }
  }
}

function imageOf(
  { doubt, ...outcome }: CaptureOutcome,
  { facts, problems }: FactsReport,
  places: string[],
): DatabaseImage {
  const isDirect = outcome.method === "direct";
  return {
    ...outcome,
    path: isDirect ? outcome.path : outcome.path.toString(),
    pages: Math.ceil(outcome.size / outcome.pageSize),
    consistent: doubt === undefined,
    ...(doubt === undefined ? {} : { reason: doubt }),
    facts,
    problems,
    async confirm() {
      return !isDirect || sameStamp(outcome.signature.main, await stampOf(outcome.path));
    },
    [Symbol.asyncDispose]: () => remove(places),
  };
}

async function remove(places: string[]): Promise<void> {
  await Promise.all(places.map((place) => rm(place, { recursive: true, force: true })));
}
