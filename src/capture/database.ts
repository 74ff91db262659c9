import { messageOf } from "../errors.ts";
import { Examiner } from "./examiner.ts";
import type { ExaminerOptions } from "./examiner.ts";
import { imageOf, removePlaces } from "./image.ts";
import type { CaptureWindow, DatabaseImage } from "./image.ts";
import type { DatabaseLook } from "./look.ts";
import type { RawPath } from "./path.ts";
import { placeIn } from "./scratch.ts";
import type { Column } from "./texts.ts";
import { WorkerClient } from "./worker-client.ts";
import type { WindowJob, WindowOutcome, WindowResult } from "./window.ts";
import type { Requests } from "./worker.ts";

export { isSqliteHeader } from "./header.ts";
export type { CaptureWindow, DatabaseImage, Examination } from "./image.ts";
export { SIDECAR_SUFFIXES } from "./path.ts";
export type { RawPath } from "./path.ts";
export { databaseSignature, sameSignature } from "./signature.ts";
export type { DatabaseSignature } from "./signature.ts";
export type { CaptureMethod } from "./outcome.ts";
export type { DatabaseFacts } from "./facts.ts";
export type { DatabaseLook } from "./look.ts";
export type { Verification } from "./verify.ts";

export interface DatabaseCapturerOptions extends ExaminerOptions {
  /** A private directory on a disk with room for the largest database, which exists. */
  scratch: string;
  /** Another one, for when the first is full. */
  fallbackScratch?: string;
  /** Stops work under way with E_INTERRUPTED; locks and scratch files are gone then. */
  signal?: AbortSignal;
}

export interface CaptureOptions {
  /** Take a copy even of a file that rests; for another try after `confirm()` said no. */
  forceCopy?: boolean;
  /** Other names (hard links) of the same file, as far as they are known. */
  otherNames?: RawPath[];
}

/** One database of several that are captured together. */
export interface TogetherJob {
  path: RawPath;
  otherNames?: RawPath[];
}

export interface LookWanted {
  /** Columns whose texts to read, as far as there are such. */
  columns?: Column[];
  /** How long reading may take, in ms; 5 s. What was not reached then is left out. */
  budgetMs?: number;
  /** Other names (hard links) of the same file, as far as they are known. */
  otherNames?: RawPath[];
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
  readonly #examiner: Examiner;

  constructor(options: DatabaseCapturerOptions) {
    this.#options = options;
    this.#examiner = new Examiner(options);
  }

  /**
   * @throws E_NO_SPACE when no scratch directory has the room, E_INTERRUPTED, and errors of the
   * file system (`ENOENT`: the file is gone)
   */
  async capture(path: RawPath, options: CaptureOptions = {}): Promise<DatabaseImage> {
    const places = this.#places();
    this.#examiner.expect();
    return guarded(places, async () => {
      const { otherNames = [], forceCopy = false } = options;
      const job = { path: Buffer.from(path), otherNames: otherNames.map(raw), places, forceCopy };
      const outcome = await this.#request("capture", job);
      return imageOf(outcome, this.#examiner.examine(outcome), places);
    });
  }

  /**
   * Takes images of several databases as of almost the same moment. Never fails for one of them:
   * what could not be taken beside the others is left, with a reason.
   *
   * @param isWanted asked when all are taken, and not a moment later
   * @returns undefined when they are not
   * @throws E_INTERRUPTED
   */
  captureTogether(jobs: TogetherJob[]): Promise<CaptureWindow>;
  captureTogether(
    jobs: TogetherJob[],
    isWanted: () => boolean | Promise<boolean>,
  ): Promise<CaptureWindow | undefined>;
  async captureTogether(
    jobs: TogetherJob[],
    isWanted: () => boolean | Promise<boolean> = () => true,
  ): Promise<CaptureWindow | undefined> {
    this.#examiner.expect();
    const databases = jobs.map(({ path, otherNames = [] }) => ({
      path: Buffer.from(path),
      otherNames: otherNames.map(raw),
      places: this.#places(),
    }));
    const places = databases.flatMap((each) => each.places);
    return guarded(places, async () => {
      const { results, windowMs } = await this.#window(databases);
      if (!(await isWanted())) {
        await removePlaces(places);
        return undefined;
      }
      const window: CaptureWindow = {
        images: new Map(),
        windowMs,
        left: [],
        async [Symbol.asyncDispose]() {
          const images = [...window.images.values()];
          await Promise.all(images.map((image) => image[Symbol.asyncDispose]()));
        },
      };
      for (const [i, each] of databases.entries()) {
        const result = results[i] as WindowResult;
        if (typeof result === "string") {
          await removePlaces(each.places);
          window.left.push({ path: each.path, reason: result });
        } else {
          const image = imageOf(result, this.#examiner.examine(result), each.places);
          window.images.set(each.path.toString("latin1"), image);
        }
      }
      return window;
    });
  }

  /**
   * Tells what an image taken now would be, without taking one where that can be avoided.
   *
   * @throws as `capture` does, but for E_NO_SPACE
   */
  async look(path: RawPath, wanted: LookWanted = {}): Promise<DatabaseLook> {
    const { columns = [], budgetMs = 5000, otherNames = [] } = wanted;
    const places = this.#places();
    try {
      return await this.#examiner.look({
        path: Buffer.from(path),
        otherNames: otherNames.map(raw),
        columns,
        budgetMs,
        places,
      });
    } finally {
      await removePlaces(places);
    }
  }

  /** Copies files as one set: a database without a readable header and its sidecars, say. */
  async captureStableSet(paths: RawPath[]): Promise<StableSet> {
    const places = this.#places();
    return guarded(places, async () => ({
      ...(await this.#request("set", { paths: paths.map(raw), places })),
      [Symbol.asyncDispose]: () => removePlaces(places),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#worker[Symbol.asyncDispose](), this.#examiner[Symbol.asyncDispose]()]);
  }

  async #window(databases: WindowJob["databases"]): Promise<WindowOutcome> {
    try {
      return await this.#request("window", { databases });
    } catch (error) {
      if (this.#options.signal?.aborted) throw error;
      return { results: databases.map(() => messageOf(error)), windowMs: 0 };
    }
  }

  #request<Kind extends keyof Requests>(
    kind: Kind,
    job: Requests[Kind]["job"],
  ): Promise<Requests[Kind]["answer"]> {
    return this.#worker.request(kind, job, { signal: this.#options.signal });
  }

  /** Names for directories that an image may be put in, best first. */
  #places(): string[] {
    const { scratch, fallbackScratch } = this.#options;
    return [scratch, fallbackScratch].filter((dir) => dir !== undefined).map(placeIn);
  }
}

/** Does work that fills `places`, and empties them when it fails. */
async function guarded<T>(places: string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await removePlaces(places);
    throw error;
  }
}

function raw(path: RawPath): Buffer {
  return Buffer.from(path);
}
