import type { Seen } from "./look.ts";
import type { RawPath } from "./raw-path.ts";
import { STAGES, type Step } from "./steps.ts";

/** Collects steps; what does not exist takes no part in them. */
export class StepList {
  readonly list: Step[] = [];
  readonly #work: RawPath;

  constructor(work: RawPath) {
    this.#work = work;
  }

  move(stage: Step["stage"], from: RawPath, to: RawPath, what: Seen | undefined): void {
    if (what !== undefined) this.list.push({ kind: "move", stage, from, to, ino: what.ino });
  }

  /** `first` is at `at` by then, `second` at `other`. Where one is missing, the other one moves. */
  trade(
    stage: Step["stage"],
    [at, first]: [RawPath, Seen | undefined],
    [other, second]: [RawPath, Seen | undefined],
    natively = false,
  ): void {
    if (first === undefined) return this.move(stage, other, at, second);
    if (second === undefined) return this.move(stage, at, other, first);
    // One file by two names, as when the new tree shares unchanged files with the old one.
    if (first.ino === second.ino) return;
    const via = `${this.#work}-via-${this.list.length}`;
    const names = { at, atIno: first.ino, with: other, withIno: second.ino, via };
    this.list.push({ kind: "exchange", stage, ...names, natively });
  }

  sorted(): Step[] {
    return STAGES.flatMap((stage) => this.list.filter((step) => step.stage === stage));
  }
}
