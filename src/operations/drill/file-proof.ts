import { plainLength } from "../../repository/pack.ts";
import type { Repository } from "../../repository/repository.ts";
import type { ContentFinding, ContentFormat } from "../../snapshot/content-format.ts";
import { posixMode } from "../../snapshot/node.ts";
import type { TreeEntry } from "../../snapshot/tree-walker.ts";
import { WorkerPool, workerScript } from "../../worker-pool.ts";
import type { ExpectedEntry, FileProofJob, FileProofResult } from "./file-proof-job.ts";

/** So many entries or bytes go to a thread at once: enough to be worth the message. */
const BATCH_ENTRIES = 256;
const BATCH_BYTES = 8 << 20;
/** A larger file is read by several threads, unless it is parsed. */
const STRETCH_BYTES = 64 << 20;

/** What reading an entry back has shown. */
export interface ProvenEntry {
  entry: TreeEntry;
  problem: string | undefined;
  isDatabase: boolean;
  content: ContentFinding | undefined;
}

type Pool = WorkerPool<FileProofJob, FileProofResult>;

/** Compares restored entries with the snapshot that they come from: each is read back from the disk. */
export class FileProver implements AsyncDisposable {
  readonly #repository: Repository;
  readonly #directory: Buffer;
  readonly #pool: Pool;
  readonly #signal: AbortSignal;
  readonly #abort: () => void;
  readonly #onProven: (proven: ProvenEntry) => void;
  readonly #running = new Set<Promise<void>>();
  readonly #batch: { entry: TreeEntry; expected: ExpectedEntry }[] = [];
  #batchBytes = 0;
  #failure: unknown;

  /** @param directory the absolute paths of the snapshot are laid out below it */
  constructor(
    repository: Repository,
    directory: string,
    onProven: (proven: ProvenEntry) => void,
    signal: AbortSignal,
  ) {
    this.#repository = repository;
    this.#directory = Buffer.from(directory);
    this.#onProven = onProven;
    this.#signal = signal;
    this.#pool = openFilePool();
    this.#abort = () => void this.#pool.stop(signal.reason);
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  /** Resolves when there is room for more. @throws E_INTERRUPTED */
  async add(entry: TreeEntry, format: ContentFormat | undefined): Promise<void> {
    this.#signal.throwIfAborted();
    for (const expected of this.#expected(entry, format)) {
      this.#batch.push({ entry, expected });
      this.#batchBytes +=
        expected.stretch?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
      if (this.#batch.length >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) this.#send();
      while (this.#running.size >= this.#pool.size * 2) await Promise.race(this.#running);
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** Resolves when everything was read. @throws E_INTERRUPTED */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) this.#send();
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #expected({ path, node }: TreeEntry, format: ContentFormat | undefined): ExpectedEntry[] {
    const whole: ExpectedEntry = {
      path: Buffer.concat([this.#directory, path]).toString("latin1"),
      type: node.type,
      mode: posixMode(node.mode),
      owner: process.getuid?.() === 0 ? { uid: node.uid, gid: node.gid } : undefined,
      target: node.linktarget,
      size: Number(node.size ?? 0n),
      stretch: undefined,
      format,
    };
    if (node.type !== "file") return [whole];
    const stretches = [{ offset: 0, chunks: [] as { id: string; length: number }[] }];
    let at = 0;
    for (const id of node.content ?? []) {
      const blob = this.#repository.index.find("data", id);
      const length = blob === undefined ? 0 : plainLength(blob);
      let last = stretches.at(-1) as (typeof stretches)[number];
      if (format === undefined && at - last.offset >= STRETCH_BYTES) {
        stretches.push((last = { offset: at, chunks: [] }));
      }
      last.chunks.push({ id, length });
      at += length;
    }
    return stretches.map((stretch) => ({ ...whole, stretch }));
  }

  #send(): void {
    const batch = this.#batch.splice(0);
    this.#batchBytes = 0;
    const job: FileProofJob = { kind: "prove", entries: batch.map(({ expected }) => expected) };
    const work = this.#pool
      .run(job)
      .then((result) => {
        const proofs = "proofs" in result ? result.proofs : [];
        for (const [i, { entry }] of batch.entries()) {
          const { problem, isDatabase = false, content } = proofs[i] ?? {};
          this.#onProven({ entry, problem, isDatabase, content });
        }
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#abort);
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Threads that read files and know nothing of a repository. */
export function openFilePool(): Pool {
  return new WorkerPool<FileProofJob, FileProofResult>(
    workerScript(import.meta.url, "file-proof-worker"),
    { workerData: undefined },
  );
}
