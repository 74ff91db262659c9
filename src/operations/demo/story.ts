import { ClawbackError, messageOf } from "../../errors.ts";
import type { Progress } from "../../progress.ts";
import type { DemoDocument } from "../documents.ts";

export type DemoStep = DemoDocument["steps"][number];

/** What a step has to show. */
export interface Outcome {
  ok: boolean;
  /** One sentence with what was measured. */
  evidence: string;
}

/** Keeps the steps of the demo: what happened, whether it was well, how long it took. */
export class Story {
  readonly steps: DemoStep[] = [];
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly #onStep: (step: DemoStep) => void;
  #name = "";

  constructor(progress: Progress, signal: AbortSignal, onStep: (step: DemoStep) => void) {
    this.#progress = progress;
    this.#signal = signal;
    this.#onStep = onStep;
  }

  /**
   * Does one step. What it throws becomes its evidence; an interruption alone goes on.
   *
   * @param work nothing comes back when the step does not apply: it is left out
   * @returns whether the next step makes sense
   */
  async tell(name: string, work: () => Promise<Outcome | undefined>): Promise<boolean> {
    const begun = performance.now();
    this.#signal.throwIfAborted();
    this.#name = name;
    this.#progress.start(name);
    const outcome = await work().catch((error: unknown) => {
      this.#signal.throwIfAborted();
      return { ok: false, evidence: reason(error) };
    });
    this.#progress.finish();
    if (outcome === undefined) return true;
    const step = { name, ...outcome, duration: (performance.now() - begun) / 1000 };
    this.steps.push(step);
    this.#onStep(step);
    return outcome.ok;
  }

  /** For the operations that a step is made of: their phases are shown as parts of the step. */
  get progress(): Progress {
    const outer = this.#progress;
    return {
      start: (phase, total) => outer.start(`${this.#name}: ${phase.toLowerCase()}`, total),
      add: (delta) => outer.add(delta),
      note: (message) => outer.note(message),
      finish: () => outer.start(this.#name),
    };
  }

  get ok(): boolean {
    return this.steps.every(({ ok }) => ok);
  }
}

function reason(error: unknown): string {
  const hint = error instanceof ClawbackError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)} (${hint})`;
}
