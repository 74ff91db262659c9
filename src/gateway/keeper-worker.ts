/**
 * A small process beside a run that stops the gateway. It does the stopping, and it starts the
 * gateway again when it is told to or when the run is gone, killed even. It learns how over its
 * channel, since the environment of a gateway holds secrets.
 */
import { ClawbackError, messageOf } from "../errors.ts";
import { handleOf } from "./handle.ts";
import type { Failure, Hold, Order, Report } from "./keeper-messages.ts";
import { bringBack, waitUntilStopped } from "./lifecycle.ts";
import type { Limits } from "./lifecycle.ts";
import type { Stoppable } from "./stoppable.ts";

type State = "up" | "down" | "unknown";

const orders: (Order | { order: "gone" })[] = [];
let wake: (() => void) | undefined;

// The start must happen whatever a terminal or a service manager sends to everybody.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => undefined);
process.on("disconnect", () => take({ order: "gone" }));
process.on("message", (order: Order) => {
  if (order.order === "keep") {
    void keep(handleOf(order.recipe), order.hold, order).finally(() => process.disconnect?.());
  } else {
    take(order);
  }
});

function take(order: Order | { order: "gone" }): void {
  orders.push(order);
  wake?.();
}

async function nextOrder(): Promise<string> {
  for (;;) {
    const next = orders.shift();
    if (next !== undefined) return next.order;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

async function keep(gateway: Stoppable, hold: Hold | undefined, limits: Limits): Promise<void> {
  let state = await stop(gateway, limits);
  // It may not be stopped, and runs on; or it was asked to end, and will be started when it has.
  if (state === "up") return;
  if (state === "unknown" && hold === undefined) return void (await start(gateway, limits));
  for (;;) {
    const order = await nextOrder();
    if (order === "leave") return;
    if (order === "gone") return alone(state, gateway, hold, limits);
    state = await (order === "start" ? start(gateway, limits) : stop(gateway, limits));
    if (hold === undefined) return;
  }
}

async function stop(gateway: Stoppable, limits: Limits): Promise<State> {
  let state: State = "up";
  try {
    report({ event: "asking" });
    await gateway.askToStop();
    state = "unknown";
    await waitUntilStopped(gateway, limits);
    report({ event: "stopped" });
    return "down";
  } catch (error) {
    report({ event: "failed", step: "stop", failure: failureOf(error) });
    return state;
  }
}

async function start(gateway: Stoppable, limits: Limits): Promise<State> {
  try {
    report({ event: "back", ...(await bringBack(gateway, limits)) });
    return "up";
  } catch (error) {
    report({ event: "failed", step: "start", failure: failureOf(error) });
    return "unknown";
  }
}

/** The run is gone. What cannot be finished is left for the next command, with the gateway down. */
async function alone(
  state: State,
  gateway: Stoppable,
  hold: Hold | undefined,
  limits: Limits,
): Promise<void> {
  if (hold === undefined) return void (await start(gateway, limits));
  const { finishAlone } = await import("./finish-alone.ts");
  await finishAlone(gateway, hold, limits, state).catch(() => undefined);
}

/** Nobody may be left to listen. */
function report(message: Report): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

function failureOf(error: unknown): Failure {
  const { code, hint } =
    error instanceof ClawbackError ? error : { code: "E_FAILED" as const, hint: undefined };
  return { code, message: messageOf(error), hint };
}
