import { ClawbackError, messageOf } from "../errors.ts";
import type { FactsReport } from "./facts.ts";
import type { Examination } from "./image.ts";
import type { DatabaseLook, LookJob } from "./look.ts";
import type { CaptureOutcome } from "./outcome.ts";
import { orNull, sameStamp, stampOf } from "./signature.ts";
import { unchecked } from "./verify.ts";
import type { Verification } from "./verify.ts";
import { WorkerClient } from "./worker-client.ts";

export interface ExaminerOptions {
  /** Stops work under way with E_INTERRUPTED. */
  signal?: AbortSignal;
  /** How long counting rows may take, in ms; 20 s. */
  factsMs?: number;
  /** False: images are not verified. */
  verify?: boolean;
  /** Bytes; larger images are not verified; 4 GiB. Half a minute of work at worst, and two seconds as a rule. */
  verifyBytes?: number;
  /** How long verifying one image may take, in ms; 60 s. */
  verifyMs?: number;
}

/**
 * Reads what was captured, in a process of its own, so that no capture waits for it. None of this
 * can be interrupted: when it takes too long, that process is ended.
 */
export class Examiner implements AsyncDisposable {
  readonly #options: ExaminerOptions;
  readonly #worker = new WorkerClient();

  constructor(options: ExaminerOptions) {
    this.#options = options;
  }

  /** Tells that there will be something to examine. */
  expect(): void {
    this.#worker.start();
  }

  /** @throws E_INTERRUPTED, nothing else: what could not be read is in the answer */
  async examine(captured: CaptureOutcome): Promise<Examination> {
    const report = await this.#facts(captured.path);
    const verification = await this.#verification(captured);
    if (captured.method !== "direct" || verification.ok) return { ...report, verification };
    const rested = sameStamp(captured.signature.main, await orNull(() => stampOf(captured.path)));
    return {
      ...report,
      verification: rested ? verification : unchecked("it was written to while it was checked"),
    };
  }

  /** @throws errors of the file system (`ENOENT`: the file is gone), E_INTERRUPTED */
  async look(job: LookJob): Promise<DatabaseLook> {
    const { signal } = this.#options;
    try {
      return await this.#worker.request("look", job, { signal, timeoutMs: 2 * job.budgetMs });
    } catch (error) {
      if (signal?.aborted || !(error instanceof ClawbackError)) throw error;
      const sizes = await this.#worker.request("look", { ...job, budgetMs: 0 }, { signal });
      return { ...sizes, problems: [...sizes.problems, uncounted(error)] };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }

  async #facts(path: Buffer): Promise<FactsReport> {
    const { signal, factsMs = 20_000 } = this.#options;
    try {
      const job = { path, budgetMs: factsMs };
      return await this.#worker.request("facts", job, { signal, timeoutMs: 2 * factsMs });
    } catch (error) {
      if (signal?.aborted) throw error;
      return { facts: undefined, problems: [uncounted(error)] };
    }
  }

  async #verification({ path, size }: CaptureOutcome): Promise<Verification> {
    const { signal, verify = true, verifyBytes = 4 * 2 ** 30, verifyMs = 60_000 } = this.#options;
    if (!verify) return unchecked("it was not asked for");
    if (size > verifyBytes) return unchecked(`it is larger than ${verifyBytes} bytes`);
    try {
      return await this.#worker.request("verify", { path }, { signal, timeoutMs: verifyMs });
    } catch (error) {
      if (signal?.aborted) throw error;
      return unchecked(messageOf(error));
    }
  }
}

function uncounted(error: unknown): string {
  return `its rows were not counted: ${messageOf(error)}`;
}
