import type { ErrorCode } from "../errors.ts";
import type { Bar } from "./bars.ts";
import type { Limits, Revival } from "./lifecycle.ts";
import type { Recipe } from "./recipe.ts";

/** What is finished before a gateway starts, when the run that stopped it is gone. */
export interface Hold {
  /** Where the journal of the transaction is that the run works on (`transaction/recover.ts`). */
  journalDir: string;
  bars: readonly Bar[];
  /** When the transaction was completed, the gateway is not started. */
  leaveDown: boolean;
}

/**
 * What a keeper is told: to stop a gateway, first of all; then to start it, to stop it again, or
 * that nothing more is to be done. That its channel closes while the gateway is down means to
 * finish what is open, and to start it.
 */
export type Order =
  | ({ order: "keep"; recipe: Recipe; hold: Hold | undefined } & Limits)
  | { order: "start" }
  | { order: "stop" }
  | { order: "leave" };

/** What a keeper says: that it now asks the gateway to end, how that went, how the start went. */
export type Report =
  | { event: "asking" }
  | { event: "stopped" }
  | ({ event: "back" } & Revival)
  | { event: "failed"; step: "stop" | "start"; failure: Failure };

/** An error on its way between processes. */
export interface Failure {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
}
