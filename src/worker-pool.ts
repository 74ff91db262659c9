import { availableParallelism } from "node:os";
import { parentPort, Worker, workerData, type Transferable } from "node:worker_threads";
import { ClawbackError, errno, type ErrorCode, messageOf } from "./errors.ts";

/**
 * Threads that do one kind of job. A job goes to the thread with the fewest in hand; besides its
 * answer a thread may send events at any time, and be sent notes.
 */
interface ToWorker<Job, Note> {
  job?: { number: number; payload: Job };
  note?: Note;
  stop?: true;
}

/** What a thread is started with. */
interface StartData<Data> {
  data: Data;
  /** One element, not 0 once the threads are to end. */
  stopFlag: Int32Array<SharedArrayBuffer>;
}

interface FromWorker<Result, Event> {
  done?: { number: number; result: Result };
  failed?: { number: number; error: FailureRecord };
  event?: Event;
}

interface FailureRecord {
  /** Of a ClawbackError. */
  code: ErrorCode | undefined;
  /** Of a system error. */
  errno: string | undefined;
  message: string;
  hint: string | undefined;
  stack: string | undefined;
}

/** What a thread may do besides answering. */
export interface WorkerPort<Event> {
  emit(event: Event, transfer?: Transferable[]): void;
  /** Whether nobody waits for the answer any more. A job that takes long looks at it. */
  readonly stopping: boolean;
}

/** What the pool was given as `workerData`, in a worker's script. */
export function dataOfPool<Data>(): Data {
  return (workerData as StartData<Data>).data;
}

/** The other side: called once by a worker's script. Jobs are handled one after another. */
export function serveJobs<Job, Result, Note, Event>(
  handle: (job: Job, port: WorkerPort<Event>) => Promise<Result> | Result,
  onNote?: (note: Note) => void,
): void {
  const parent = parentPort;
  if (parent === null) throw new Error("this script runs only as a worker thread");
  const send = (message: FromWorker<Result, Event>, transfer?: Transferable[]) =>
    parent.postMessage(message, transfer);
  const { stopFlag } = workerData as StartData<unknown>;
  const port: WorkerPort<Event> = {
    emit: (event, transfer) => send({ event }, transfer),
    get stopping() {
      return Atomics.load(stopFlag, 0) !== 0;
    },
  };
  let queue = Promise.resolve();
  parent.on("message", ({ job, note, stop }: ToWorker<Job, Note>) => {
    // With nobody to listen to, the thread ends when its job does.
    if (stop) parent.close();
    if (note !== undefined) onNote?.(note);
    if (job === undefined) return;
    const { number, payload } = job;
    queue = queue.then(async () => {
      if (port.stopping) return;
      try {
        send({ done: { number, result: await handle(payload, port) } });
      } catch (error) {
        send({ failed: { number, error: recordFailure(error) } });
      }
    });
  });
}

/** The threads' data lie in buffers; of garbage they make little, and Node's default would let it grow. */
const YOUNG_GENERATION_MB = 3;

const MAX_THREADS = 8;

function defaultSize(): number {
  return Math.min(availableParallelism(), MAX_THREADS);
}

interface Thread<Job, Note> {
  worker: Worker;
  ended: Promise<void>;
  inHand: number;
  post(message: ToWorker<Job, Note>, transfer?: Transferable[]): void;
}

interface Waiting<Job, Result> {
  job: Job;
  transfer: Transferable[];
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface WorkerPoolOptions<Event> {
  /** Threads; by default one for each processor, up to eight. */
  size?: number;
  /** Handed to every thread at its start. */
  workerData: unknown;
  /** Jobs that a thread may have in hand: one to work on, the rest so that it never waits for us. */
  depth?: number;
  onEvent?(event: Event, thread: number): void;
}

export class WorkerPool<Job, Result, Note = never, Event = never> implements AsyncDisposable {
  readonly #threads: Thread<Job, Note>[];
  readonly #depth: number;
  readonly #stopFlag = new Int32Array(new SharedArrayBuffer(4));
  readonly #queue: Waiting<Job, Result>[] = [];
  readonly #running = new Map<number, Waiting<Job, Result> & { thread: number }>();
  #next = 0;
  #failure: unknown;

  /** @param script the worker's module, as `workerScript(import.meta.url, "name")` */
  constructor(script: URL, options: WorkerPoolOptions<Event>) {
    this.#depth = options.depth ?? 2;
    this.#threads = Array.from({ length: options.size ?? defaultSize() }, (_, number) => {
      const worker = new Worker(script, {
        workerData: { data: options.workerData, stopFlag: this.#stopFlag },
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      });
      worker.on("message", (message: FromWorker<Result, Event>) => {
        if (message.event !== undefined) options.onEvent?.(message.event, number);
        if (message.done !== undefined)
          this.#settle(message.done.number)?.resolve(message.done.result);
        if (message.failed !== undefined) {
          this.#settle(message.failed.number)?.reject(revive(message.failed.error));
        }
      });
      worker.on("error", (error) => this.#reject(error));
      const ended = new Promise<void>((resolve) => {
        worker.on("exit", (code) => {
          // However it ended: what it had in hand will never be answered.
          this.#reject(new Error(`a worker thread ended with code ${code}`));
          resolve();
        });
      });
      return {
        worker,
        ended,
        inHand: 0,
        post: (message, transfer) => worker.postMessage(message, transfer),
      };
    });
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Gives a job to whichever thread is free first. */
  run(job: Job, transfer: Transferable[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#queue.push({ job, transfer, resolve, reject });
      this.#dispatch();
    });
  }

  /** Gives the same job to every thread; each does it after what it has in hand. */
  runOnEach(job: Job): Promise<Result[]> {
    return Promise.all(
      this.#threads.map(
        (_, thread) =>
          new Promise<Result>((resolve, reject) => {
            if (this.#failure === undefined)
              this.#start({ job, transfer: [], resolve, reject }, thread);
            else reject(this.#failure);
          }),
      ),
    );
  }

  /** Sends a note to one thread. */
  note(thread: number, note: Note, transfer: Transferable[] = []): void {
    this.#threads[thread]?.post({ note }, transfer);
  }

  /**
   * Jobs under way, and later ones, are rejected with this error, and the threads end by themselves,
   * as soon as their job looks at `stopping` or is done. They are never terminated: a thread torn
   * down while it makes a zstd context aborts the whole process (Node 24, `CompressionStream::Close`).
   */
  async stop(error: unknown): Promise<void> {
    this.#reject(error);
    Atomics.store(this.#stopFlag, 0, 1);
    for (const thread of this.#threads) thread.post({ stop: true });
    await Promise.all(this.#threads.map(({ ended }) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(new ClawbackError("E_INTERRUPTED", "stopped"));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      let thread = 0;
      for (let i = 1; i < this.#threads.length; i++) {
        if (this.#inHand(i) < this.#inHand(thread)) thread = i;
      }
      if (this.#inHand(thread) >= this.#depth) return;
      this.#start(this.#queue.shift() as Waiting<Job, Result>, thread);
    }
  }

  #inHand(thread: number): number {
    return (this.#threads[thread] as Thread<Job, Note>).inHand;
  }

  #start(waiting: Waiting<Job, Result>, thread: number): void {
    const number = this.#next++;
    const target = this.#threads[thread] as Thread<Job, Note>;
    this.#running.set(number, { ...waiting, thread });
    target.inHand++;
    target.post({ job: { number, payload: waiting.job } }, waiting.transfer);
  }

  #settle(number: number): Waiting<Job, Result> | undefined {
    const running = this.#running.get(number);
    if (running === undefined) return undefined;
    this.#running.delete(number);
    (this.#threads[running.thread] as Thread<Job, Note>).inHand--;
    this.#dispatch();
    return running;
  }

  #reject(error: unknown): void {
    this.#failure ??= error;
    const all = [...this.#running.values(), ...this.#queue];
    this.#running.clear();
    this.#queue.length = 0;
    for (const waiting of all) waiting.reject(this.#failure);
  }
}

/** The URL of a worker's script beside the module that asks: `.ts` from the sources, `.js` when built. */
export function workerScript(moduleUrl: string, name: string): URL {
  return new URL(`./${name}${moduleUrl.endsWith(".ts") ? ".ts" : ".js"}`, moduleUrl);
}

function recordFailure(error: unknown): FailureRecord {
  const known = error instanceof ClawbackError ? error : undefined;
  return {
    code: known?.code,
    errno: known === undefined ? errno(error) : undefined,
    message: messageOf(error),
    hint: known?.hint,
    stack: error instanceof Error ? error.stack : undefined,
  };
}

function revive(record: FailureRecord): Error {
  const details = record.hint === undefined ? {} : { hint: record.hint };
  const error =
    record.code === undefined
      ? Object.assign(new Error(record.message), record.errno && { code: record.errno })
      : new ClawbackError(record.code, record.message, details);
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}
