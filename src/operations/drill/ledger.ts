import type { DrillLevel, Verdict } from "../documents.ts";
import type { DrillCheck } from "./document.ts";

/** What one look has shown: everything is well; something is wrong; or it could not be told. */
export type Outcome = true | false | null;

/** Keeps account of what a drill has looked at. The verdict follows from it and from nothing else. */
export class Ledger {
  readonly checks: DrillCheck[] = [];

  add(
    level: DrillLevel,
    name: string,
    ok: Outcome,
    evidence: string,
    details: readonly string[] = [],
  ): void {
    this.checks.push({ name, level, ok, evidence, details: [...details] });
  }

  get failed(): boolean {
    return this.checks.some(({ ok }) => ok === false);
  }

  get verdict(): Verdict {
    if (this.failed) return "failed";
    return this.checks.some(({ ok }) => ok === null) ? "partly proven" : "proven";
  }

  /** Why the verdict is no better, what is wrong before what is not known. */
  get reasons(): string[] {
    const wrong = this.checks.filter(({ ok }) => ok === false);
    const unknown = this.checks.filter(({ ok }) => ok === null);
    return [...wrong, ...unknown].map(({ evidence, details: [first] }) =>
      first === undefined ? evidence : `${evidence}: ${first}`,
    );
  }
}

/** The worse of several. */
export function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes(false)) return false;
  return outcomes.includes(null) ? null : true;
}

/** "3 files", "1 file". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
