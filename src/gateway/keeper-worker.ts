/**
 * A small process beside a run that stops the gateway. It does the stopping, and it starts the
 * gateway again when it is told to or when the run is gone, killed even. It learns how over its
 * channel, since the environment of a gateway holds secrets.
 */
import { ClawbackError, messageOf } from "../errors.ts";
import { handleOf } from "./handle.ts";
import type { Failure, Order, Report } from "./keeper-messages.ts";
import { bringBack, waitUntilStopped } from "./lifecycle.ts";
import type { Limits } from "./lifecycle.ts";
import type { Recipe } from "./recipe.ts";

const start = Promise.withResolvers<void>();

// The start must happen whatever a terminal or a service manager sends to everybody.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => undefined);
process.on("disconnect", () => start.resolve());
process.on("message", (order: Order) => {
  if (order.order === "start") start.resolve();
  else void keep(order.recipe, order).finally(() => process.disconnect?.());
});

async function keep(recipe: Recipe, limits: Limits): Promise<void> {
  const gateway = handleOf(recipe);
  report({ event: "asking" });
  try {
    await gateway.askToStop();
  } catch (error) {
    report({ event: "failed", step: "stop", failure: failureOf(error) });
    return;
  }
  try {
    await waitUntilStopped(gateway, limits);
    report({ event: "stopped" });
    await start.promise;
  } catch (error) {
    report({ event: "failed", step: "stop", failure: failureOf(error) });
  }
  try {
    report({ event: "back", ...(await bringBack(gateway, limits)) });
  } catch (error) {
    report({ event: "failed", step: "start", failure: failureOf(error) });
  }
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
