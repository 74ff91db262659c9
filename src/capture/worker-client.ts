import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ClawbackError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Failure, Reply, Requests } from "./worker.ts";

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** The worker is ended when it has not answered by then. */
  timeoutMs?: number;
}

/**
 * The parent's end of the worker process: started at the first request, one request at a time,
 * started again after it has ended. Idle, it does not keep the program alive.
 */
export class WorkerClient implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /**
   * @throws E_INTERRUPTED when the signal fires, E_FAILED when the worker ends or takes too long,
   * and whatever the work itself throws
   */
  request<Kind extends keyof Requests>(
    kind: Kind,
    job: Requests[Kind]["job"],
    options: RequestOptions = {},
  ): Promise<Requests[Kind]["answer"]> {
    const turn = this.#last.then(() => this.#perform(kind, job, options));
    this.#last = turn.catch(() => undefined);
    return turn as Promise<Requests[Kind]["answer"]>;
  }

  /** Starts the process before it is needed. */
  start(): void {
    if (this.#child !== undefined || this.#disposed) return;
    this.#child = start();
    release(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#last;
    await this.#end();
  }

  async #perform(kind: string, job: unknown, options: RequestOptions): Promise<unknown> {
    const { signal, timeoutMs } = options;
    if (signal?.aborted || this.#disposed) throw interrupted();
    const child = (this.#child ??= start());
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const onExit = (code: number | null, by: string | null) =>
      reject(new ClawbackError("E_FAILED", `the capture process ended (${by ?? code})`));
    const onAbort = () => reject(interrupted());
    const onTimeout = () =>
      reject(new ClawbackError("E_FAILED", `no answer within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    child.on("message", resolve).on("exit", onExit).on("error", reject);
    signal?.addEventListener("abort", onAbort);
    let reply: Reply;
    try {
      hold(child);
      child.send({ kind, job });
      reply = await promise;
      release(child);
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      child.off("message", resolve).off("exit", onExit).off("error", reject);
    }
    if ("failure" in reply) throw revived(reply.failure);
    return reply.answer;
  }

  /** Resolves when the process is gone, and with it every lock and descriptor it had. */
  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
}

function start(): ChildProcess {
  // The suffix is this file's own: .ts from the sources, .js from a build.
  const suffix = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const child = fork(fileURLToPath(new URL(`./worker${suffix}`, import.meta.url)), [], {
    serialization: "advanced",
    env: {},
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // An error after the last request concerns nobody; without a listener it would end the program.
  child.on("error", () => undefined);
  return child;
}

function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function interrupted(): ClawbackError {
  return new ClawbackError("E_INTERRUPTED", "the capture of a database was interrupted");
}

function revived({ message, code, hint, foreseen }: Failure): Error {
  if (foreseen)
    return new ClawbackError(code as ErrorCode, message, hint === undefined ? {} : { hint });
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
