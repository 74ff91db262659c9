import { ClawbackError, messageOf } from "../errors.ts";
import { KeptGateway } from "./kept-gateway.ts";
import type { Limits } from "./lifecycle.ts";
import type { GatewayControl } from "./recipe.ts";
import { settle } from "./settle.ts";

export interface StopOptions extends Partial<Limits> {
  signal?: AbortSignal | undefined;
  /** Told as it happens, for a person who waits. */
  onStep?: ((step: "stopping" | "stopped" | "starting" | "ready") => void) | undefined;
}

export interface Stopped<T> {
  result: T;
  /** From the moment it was asked to stop until it was ready again (or was given up). */
  downtimeMs: number;
  /** Something that a person must know: the gateway is not back, or was not away all the time. */
  trouble: ClawbackError | undefined;
}

/**
 * Stops a gateway, runs `work` once it is truly gone (its processes, not just its port), and starts
 * it again, whatever becomes of the work or of this process: a keeper, a process of its own, does
 * that even when this one is killed.
 *
 * @throws E_GATEWAY when it cannot be stopped (it runs on, or is started again when it does end);
 * E_INTERRUPTED; whatever `work` throws; E_GATEWAY_DOWN with that as its cause when on top of it the
 * gateway does not come back
 */
export async function withGatewayStopped<T>(
  control: GatewayControl,
  options: StopOptions,
  work: () => Promise<T>,
): Promise<Stopped<T>> {
  const { onStep } = options;
  const begun = performance.now();
  onStep?.("stopping");
  const kept = await KeptGateway.stop(control, options);
  onStep?.("stopped");
  const outcome = await settle(work);
  onStep?.("starting");
  const trouble = await kept.start();
  kept.release();
  if (trouble === undefined) onStep?.("ready");
  const downtimeMs = performance.now() - begun;
  if ("result" in outcome) return { result: outcome.result, downtimeMs, trouble };
  throw withTrouble(outcome.error, trouble);
}

/** What the work threw, and that the gateway did not come back on top of it. */
export function withTrouble(error: unknown, trouble: ClawbackError | undefined): unknown {
  if (trouble?.code !== "E_GATEWAY_DOWN") return error;
  return new ClawbackError("E_GATEWAY_DOWN", `${messageOf(error)}; and ${trouble.message}`, {
    ...(trouble.hint !== undefined && { hint: trouble.hint }),
    cause: error,
  });
}
