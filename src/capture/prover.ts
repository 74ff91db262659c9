import { ClawbackError, messageOf } from "../errors.ts";
import type { RawPath } from "./path.ts";
import type { DatabaseProof } from "./proof.ts";
import { unchecked } from "./verify.ts";
import { WorkerClient } from "./worker-client.ts";

export type { DatabaseProof } from "./proof.ts";

/**
 * Looks into databases that were brought back and that nobody else has open, one after another, in
 * a process of its own: a check of gigabytes can be broken off only by ending who does it.
 */
export class DatabaseProver implements AsyncDisposable {
  readonly #worker = new WorkerClient();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws E_INTERRUPTED, nothing else: what could not be looked at is in the answer */
  async prove(path: RawPath): Promise<DatabaseProof> {
    const job = { path: Buffer.from(path) };
    try {
      return await this.#worker.request("prove", job, { signal: this.#signal });
    } catch (error) {
      if (this.#signal.aborted) throw error;
      // It may have taken that process down with it: what does that is not sound.
      const why = messageOf(error);
      const verification =
        error instanceof ClawbackError
          ? { checked: true, ok: false, findings: [`looking into it failed: ${why}`] }
          : unchecked(why);
      return { facts: undefined, problems: [], verification };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }
}
