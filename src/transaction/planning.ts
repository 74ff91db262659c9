import type { Touched } from "./directory-facts.ts";
import type { RawPath } from "./raw-path.ts";
import type { Step } from "./steps.ts";

/** One replacement, when its bar is made and nothing is moved yet. */
export interface Planning {
  live: RawPath;
  slot: RawPath;
  carry: readonly RawPath[];
  /** The name of the bar in `live`, and where it is until it gets there. */
  bar: { name: RawPath; path: RawPath } | undefined;
  /** What names of our own begin with. */
  work: RawPath;
  /** Whether it is an error when something that stays cannot be carried over. */
  strict: boolean;
}

export interface Plan {
  steps: Step[];
  touched: Touched[];
}
