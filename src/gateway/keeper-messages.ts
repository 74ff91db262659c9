import type { ErrorCode } from "../errors.ts";
import type { Limits, Revival } from "./lifecycle.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What a keeper is told: to stop a gateway, and later to start it again. That its channel closes
 * means the latter too.
 */
export type Order = ({ order: "stop"; recipe: Recipe } & Limits) | { order: "start" };

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
