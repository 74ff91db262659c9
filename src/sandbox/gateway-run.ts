import { setTimeout as delay } from "node:timers/promises";
import { killGroup, type Leader, startGroup } from "./process-group.ts";

/** On a loaded machine a first boot took more than a minute. */
const READY_MS = 180_000;
const STOP_MS = 150_000;
const PROBE_MS = 5_000;
const PAUSE_MS = 100;
const MAX_LOG = 256 * 1024;

/** A gateway that runs until it is asked to stop; disposing kills it and all it has started. */
export class GatewayRun implements Disposable {
  readonly #child: Leader;
  readonly #port: number;
  readonly #begun = performance.now();
  readonly #ended: Promise<void>;
  #log = "";
  #failure: string | undefined;

  constructor(words: readonly string[], { cwd, port }: { cwd: string; port: number }) {
    this.#port = port;
    this.#child = startGroup(words, cwd);
    const note = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString("utf8")).slice(-MAX_LOG);
    };
    this.#child.stdout.on("data", note);
    this.#child.stderr.on("data", note);
    this.#ended = new Promise((resolve) => {
      this.#child.on("exit", () => resolve());
      this.#child.on("error", (error) => {
        this.#failure = error.message;
        resolve();
      });
    });
  }

  /** The end of what it has printed. */
  get log(): string {
    return this.#log;
  }

  /** Undefined while it runs; else how it ended: one clause. */
  get end(): string | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null) return `it ended with ${exitCode}`;
    return signalCode === null ? undefined : `it was ended by ${signalCode}`;
  }

  /** @returns after how many milliseconds it said that it is ready; null: it did not in time */
  async waitUntilReady(): Promise<number | null> {
    while (this.end === undefined && performance.now() - this.#begun < READY_MS) {
      if (await isReady(this.#port)) return Math.round(performance.now() - this.#begun);
      await delay(PAUSE_MS);
    }
    return null;
  }

  /** Asks it to end. @returns whether it did, in time and without a complaint */
  async stop(): Promise<boolean> {
    if (this.end !== undefined) return false;
    this.#child.kill("SIGTERM");
    await Promise.race([this.#ended, delay(STOP_MS, undefined, { ref: false })]);
    return this.#child.exitCode === 0;
  }

  [Symbol.dispose](): void {
    killGroup(this.#child);
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal })).ok;
  } catch {
    return false;
  }
}
