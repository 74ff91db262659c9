import { ClawbackError, messageOf } from "../errors.ts";
import { handleOf } from "./handle.ts";
import { Keeper } from "./keeper.ts";
import type { Report } from "./keeper-messages.ts";
import { bringBack } from "./lifecycle.ts";
import type { Limits, Revival } from "./lifecycle.ts";
import type { GatewayControl } from "./recipe.ts";

const STOP_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 180_000;

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
  const { signal, onStep } = options;
  const limits: Limits = {
    stopTimeoutMs: options.stopTimeoutMs ?? STOP_TIMEOUT_MS,
    startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS,
  };
  if (signal?.aborted === true) throw interrupted(signal);
  const keeper = await Keeper.spawn();
  const begun = performance.now();
  onStep?.("stopping");
  keeper.tell({ order: "stop", recipe: control.recipe(), ...limits });
  await stopped(keeper, control, limits, signal);
  onStep?.("stopped");
  const outcome = await settle(work);
  onStep?.("starting");
  const trouble = await start(keeper, control, limits, signal);
  if (trouble === undefined) onStep?.("ready");
  const downtimeMs = performance.now() - begun;
  if ("result" in outcome) return { result: outcome.result, downtimeMs, trouble };
  if (trouble?.code !== "E_GATEWAY_DOWN") throw outcome.error;
  throw new ClawbackError("E_GATEWAY_DOWN", `${messageOf(outcome.error)}; and ${trouble.message}`, {
    ...(trouble.hint !== undefined && { hint: trouble.hint }),
    cause: outcome.error,
  });
}

/** Waits for the stop. Interrupted, the keeper alone sees to it that the gateway comes back. */
async function stopped(
  keeper: Keeper,
  control: GatewayControl,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<void> {
  let asking = false;
  try {
    let report: Report;
    do {
      report = await orAborted(keeper.report(), signal);
      asking = true;
    } while (report.event === "asking");
    if (report.event === "failed") throw errorOf(report);
  } catch (error) {
    keeper.release();
    if (asking && keeper.isGone) await bringBackAlone(control, limits, limits.stopTimeoutMs);
    throw error;
  }
}

/** After an interruption it is started, and nobody waits until it is ready. */
async function start(
  keeper: Keeper,
  control: GatewayControl,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<ClawbackError | undefined> {
  keeper.tell({ order: "start" });
  let revival: Revival;
  try {
    const report = await orAborted(keeper.report(), signal);
    if (report.event === "failed") return errorOf(report);
    revival = report.event === "back" ? report : { bySomebodyElse: false };
  } catch {
    if (signal?.aborted === true && !keeper.isGone) {
      return new ClawbackError(
        "E_GATEWAY",
        "the gateway was told to start; nobody has waited for it",
      );
    }
    const alone = await bringBackAlone(control, limits);
    if (alone instanceof ClawbackError) return alone;
    revival = alone;
  } finally {
    keeper.release();
  }
  if (!revival.bySomebodyElse) return undefined;
  return new ClawbackError("E_GATEWAY", "somebody else started the gateway while it was stopped", {
    hint: "The copies may not be of one moment. A supervisor looks after it: stop it there instead.",
  });
}

/** The keeper was killed: this process does its work. */
async function bringBackAlone(
  control: GatewayControl,
  limits: Limits,
  lastWaitMs?: number,
): Promise<Revival | ClawbackError> {
  try {
    return await bringBack(handleOf(control.recipe()), limits, lastWaitMs);
  } catch (error) {
    if (error instanceof ClawbackError) return error;
    return new ClawbackError("E_GATEWAY_DOWN", messageOf(error), { cause: error });
  }
}

async function settle<T>(work: () => Promise<T>): Promise<{ result: T } | { error: unknown }> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}

function errorOf({ failure }: Report & { event: "failed" }): ClawbackError {
  const { code, message, hint } = failure;
  return new ClawbackError(code, message, hint === undefined ? {} : { hint });
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(interrupted(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => undefined);
  }
}

function interrupted(signal: AbortSignal): ClawbackError {
  const { reason } = signal as { reason: unknown };
  return reason instanceof ClawbackError
    ? reason
    : new ClawbackError("E_INTERRUPTED", "interrupted while the gateway was stopped");
}
