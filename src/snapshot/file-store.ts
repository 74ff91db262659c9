import type { BlobWriter } from "../repository/blob-writer.ts";
import { KnownBlobs } from "../repository/known-blobs.ts";
import { PACK_BUFFER_SIZE } from "../repository/pack.ts";
import type { Repository } from "../repository/repository.ts";
import { WorkerPool, workerScript } from "../worker-pool.ts";
import {
  type ArchiveJob,
  type ArchiveResult,
  type ArchiveWorkerData,
  blobsOf,
  type BufferNote,
  type FileOutcome,
  type FileTask,
  type PackEvent,
} from "./archive-job.ts";

/** Buffers beyond one for each thread: packs on their way to the storage while every thread fills another. */
const SPARE_BUFFERS = 1;
/** Small files go to the threads by the bundle. */
const BATCH_FILES = 64;
const BATCH_BYTES = 4 << 20;
/** A database's image is cut into parts of about this many bytes, so that all threads share it. */
const PART_BYTES = 32 << 20;
/** Files given to the threads and not yet answered: bounds what waits in memory. */
const MAX_OUTSTANDING = 512;

type Pool = WorkerPool<ArchiveJob, ArchiveResult, BufferNote, PackEvent>;

interface Waiting {
  task: FileTask;
  resolve(outcome: FileOutcome): void;
  reject(error: unknown): void;
}

/** A file that is stored: its chunks' ids, and what was seen on the way. */
export type StoredFile = Extract<FileOutcome, { kind: "stored" }>;

/** The threads that read, cut, seal and pack files, and the packs' way into the repository. */
export class FileStore implements AsyncDisposable {
  readonly #workerData: ArchiveWorkerData;
  readonly #writer: BlobWriter;
  /** Started with the first file that is to be read: most backups have few or none. */
  #pool: Pool | undefined;
  /** Buffers that nobody fills, and threads that wait for one, longest first. */
  readonly #freeBuffers: ArrayBuffer[] = [];
  readonly #hungry: number[] = [];
  #buffers = 0;
  #batch: Waiting[] = [];
  #batchBytes = 0;
  #batchFiles = BATCH_FILES;
  #outstanding = 0;
  #wakeUps: (() => void)[] = [];
  readonly #uploads = new Set<Promise<void>>();
  #uploadFailure: unknown;

  /** @param expectedBlobs upper bound of the new blobs of this run, for the table of those under way */
  constructor(repository: Repository, writer: BlobWriter, expectedBlobs: number) {
    this.#writer = writer;
    this.#workerData = {
      key: repository.masterKey,
      version: repository.config.version,
      chunkerPolynomial: repository.config.chunkerPolynomial,
      known: KnownBlobs.share(repository.index.share(), expectedBlobs),
    };
  }

  /** Stores a file; resolves with what came of it. Await `room` before giving the next. */
  store(task: FileTask): Promise<FileOutcome> {
    return new Promise((resolve, reject) => {
      this.#outstanding++;
      this.#batch.push({ task, resolve, reject });
      this.#batchBytes += task.size;
      if (this.#batch.length >= this.#batchFiles || this.#batchBytes >= BATCH_BYTES)
        this.#sendBatch();
    });
  }

  /**
   * Stores an image of pages, in parts that the threads share.
   *
   * @param image `size` and `pageChunk` in bytes
   * @param onPart told of the bytes of each part that is stored
   */
  async storePages(
    { path, size, pageChunk }: { path: string | Uint8Array; size: number; pageChunk: number },
    onPart: (bytes: number) => void,
  ): Promise<FileOutcome> {
    const partBytes = Math.ceil(PART_BYTES / pageChunk) * pageChunk;
    const parts: Promise<FileOutcome>[] = [];
    for (let offset = 0; offset < size; offset += partBytes) {
      const range = { offset, length: Math.min(partBytes, size - offset) };
      const task: FileTask = {
        path,
        size: range.length,
        seen: undefined,
        range,
        pageChunk,
        refuseDatabases: false,
        format: undefined,
      };
      const part = this.store(task);
      this.#sendBatch();
      parts.push(part);
      void part.then(
        () => onPart(range.length),
        () => {},
      );
    }
    let ids = "";
    let read = 0;
    for (const outcome of await Promise.all(parts)) {
      if (outcome.kind !== "stored") return outcome;
      ids += outcome.ids;
      read += outcome.size;
    }
    return {
      kind: "stored",
      ids,
      size: read,
      stat: undefined,
      changed: read !== size,
      told: read,
    };
  }

  /** Resolves when few enough files are under way. @throws what made an upload fail */
  async room(): Promise<void> {
    while (this.#outstanding >= MAX_OUTSTANDING) {
      this.#sendBatch();
      await new Promise<void>((resolve) => this.#wakeUps.push(resolve));
    }
    if (this.#uploadFailure !== undefined) throw this.#uploadFailure;
  }

  /** After the last file of the walk: what is waiting for company is sent, what still comes at once. */
  push(): void {
    this.#batchFiles = 1;
    this.#sendBatch();
  }

  /** After the last file: packs that are not full are closed, and everything has reached the storage. */
  async finish(): Promise<void> {
    this.#sendBatch();
    await this.#pool?.runOnEach({ flush: true });
    await Promise.all(this.#uploads);
    if (this.#uploadFailure !== undefined) throw this.#uploadFailure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.[Symbol.asyncDispose]();
  }

  #sendBatch(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#pool ??= this.#start();
    void this.#pool
      .run({ files: batch.map(({ task }) => task) })
      .then(
        (outcomes) => {
          for (const [i, waiting] of batch.entries()) waiting.resolve(outcomes[i] as FileOutcome);
        },
        (error: unknown) => {
          for (const waiting of batch) waiting.reject(error);
        },
      )
      .finally(() => {
        this.#outstanding -= batch.length;
        for (const wake of this.#wakeUps.splice(0)) wake();
      });
  }

  #start(): Pool {
    const pool: Pool = new WorkerPool(workerScript(import.meta.url, "archive-worker"), {
      workerData: this.#workerData,
      onEvent: (event, thread) => {
        this.#hungry.push(thread);
        this.#upload(event, pool);
        this.#feed(pool);
      },
    });
    this.#hungry.push(...Array.from({ length: pool.size }, (_, thread) => thread));
    this.#feed(pool);
    return pool;
  }

  /** Hands buffers to threads that wait. There are only so many: this is what holds memory flat. */
  #feed(pool: Pool): void {
    while (this.#hungry.length > 0) {
      let buffer = this.#freeBuffers.pop();
      if (buffer === undefined) {
        if (this.#buffers >= pool.size + SPARE_BUFFERS) return;
        this.#buffers++;
        buffer = new ArrayBuffer(PACK_BUFFER_SIZE);
      }
      pool.note(this.#hungry.shift() as number, { buffer }, [buffer]);
    }
  }

  #upload(event: PackEvent, pool: Pool): void {
    const { id, buffer, length } = event;
    const upload = this.#writer
      .savePack({ id, bytes: new Uint8Array(buffer, 0, length), blobs: blobsOf(event) })
      .then(() => {
        this.#freeBuffers.push(buffer);
        this.#feed(pool);
      })
      .catch(async (error: unknown) => {
        this.#uploadFailure ??= error;
        // A thread that waits for a buffer would wait for ever.
        await pool.stop(error);
      })
      .finally(() => this.#uploads.delete(upload));
    this.#uploads.add(upload);
  }
}
