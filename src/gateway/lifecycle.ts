import { setTimeout as delay } from "node:timers/promises";
import { ClawbackError, messageOf } from "../errors.ts";
import type { Progress, Stoppable } from "./stoppable.ts";

const POLL_MS = 100;
/**
 * After the time for stopping is over, so long is still waited before a start: OpenClaw gives work
 * that is under way up to 330 s (gateway-shutdown-budget.mjs of its package).
 */
const LAST_WAIT_MS = 600_000;
const STARTS = 2;
const START_PAUSE_MS = 1000;

export interface Limits {
  /** How long the gateway may take to end. */
  stopTimeoutMs: number;
  /** How long it may take to be ready again. */
  startTimeoutMs: number;
}

/**
 * Waits until a gateway has ended that was asked to.
 * @throws E_GATEWAY when it does not end in time, or somebody starts it again at once
 */
export async function waitUntilStopped(
  gateway: Stoppable,
  { stopTimeoutMs }: Limits,
): Promise<void> {
  if (!(await becomes(() => gateway.isGone(), stopTimeoutMs))) {
    throw new ClawbackError("E_GATEWAY", `the gateway did not end in ${seconds(stopTimeoutMs)}`, {
      hint: "It is started again as soon as it has. It may be finishing work: try again later, or back up while it runs.",
    });
  }
  if (await gateway.runsAgain()) {
    throw new ClawbackError("E_GATEWAY", "something has started the gateway again at once", {
      hint: "A supervisor looks after it: stop it there, back up, and start it again.",
    });
  }
}

/** Asks a gateway to end, and waits until it has. @throws E_GATEWAY */
export async function bringDown(gateway: Stoppable, limits: Limits): Promise<void> {
  await gateway.askToStop();
  await waitUntilStopped(gateway, limits);
}

/** What came of starting a gateway again. */
export interface Revival {
  /** Somebody else had started it before: it was not stopped all the time. */
  bySomebodyElse: boolean;
}

/**
 * Starts a gateway once it is gone, unless somebody else has, and waits until it is ready. One that
 * ends at once is started a second time.
 * @throws E_GATEWAY_DOWN
 */
export async function bringBack(
  gateway: Stoppable,
  limits: Limits,
  lastWaitMs = LAST_WAIT_MS,
): Promise<Revival> {
  // A manager that is busy for a moment is asked again; until then it is as if nothing was known.
  const isGone = () => orUndefined(() => gateway.isGone()).then((gone) => gone === true);
  if (!(await becomes(isGone, lastWaitMs))) {
    throw down("the gateway was asked to end and never did");
  }
  if ((await orUndefined(() => gateway.runsAgain())) === true) return { bySomebodyElse: true };
  const end = performance.now() + limits.startTimeoutMs;
  let failure: unknown;
  for (let starts = 0; starts < STARTS; starts++) {
    try {
      await gateway.start();
    } catch (error) {
      failure = error;
      await delay(START_PAUSE_MS);
      continue;
    }
    const progress = await progressBy(gateway, end);
    if (progress === "ready") return { bySomebodyElse: false };
    if (progress === "starting") {
      throw down(
        `the gateway was started, but is not ready after ${seconds(limits.startTimeoutMs)}`,
      );
    }
  }
  if (failure !== undefined) throw down(messageOf(failure), failure);
  throw down("the gateway was started again and ended at once");
}

/** How far it has come when it is ready, has ended, or the time is over. */
async function progressBy(gateway: Stoppable, end: number): Promise<Progress> {
  for (;;) {
    const progress = (await orUndefined(() => gateway.progress())) ?? "starting";
    if (progress !== "starting" || performance.now() >= end) return progress;
    await delay(POLL_MS);
  }
}

function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  return ask().catch(() => undefined);
}

function down(message: string, cause?: unknown): ClawbackError {
  return new ClawbackError("E_GATEWAY_DOWN", message, {
    hint: "See what `openclaw gateway status` and its log say, and start it yourself.",
    cause,
  });
}

async function becomes(holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
