import type { ClawbackError } from "../errors.ts";
import { findGateway } from "../gateway/find-gateway.ts";
import { withGatewayStopped } from "../gateway/with-gateway-stopped.ts";
import { withGatewaySuspended } from "../gateway/with-gateway-suspended.ts";
import type { OperationContext } from "./context.ts";
import type { Survey } from "./survey.ts";

/** What becomes of the gateway while a backup is taken. */
export type GatewayUse = "keep-running" | "suspend" | "stop";

/** The two halves of a backup: what must be of one moment, and the rest. */
export interface Halves<T> {
  capture: () => Promise<void>;
  store: () => Promise<T>;
}

export interface Arranged<T> {
  result: T;
  /** Milliseconds from the stop until it was ready again; null when it was not stopped. */
  downtimeMs: number | null;
  notes: string[];
  /** The gateway is not as it was before. */
  trouble: ClawbackError | undefined;
}

/**
 * Runs both halves: suspended, the gateway waits for the first only; stopped, for both.
 *
 * @throws E_GATEWAY when it cannot be found out, suspended or stopped: nothing was taken then;
 * E_GATEWAY_DOWN when a half failed and the gateway did not come back; whatever the halves throw
 */
export async function aroundGateway<T>(
  { env, home, signal, progress }: OperationContext,
  { instance }: Survey,
  use: GatewayUse,
  { capture, store }: Halves<T>,
): Promise<Arranged<T>> {
  const surroundings = { env, home, platform: process.platform };
  const control = use === "keep-running" ? undefined : await findGateway(instance, surroundings);
  if (control === undefined) {
    await capture();
    const notes = use === "keep-running" ? [] : ["The gateway was not running: it was left alone."];
    return { result: await store(), downtimeMs: null, notes, trouble: undefined };
  }
  if (use === "suspend") {
    const options = { instance, surroundings, signal };
    const { outlived, trouble } = await withGatewaySuspended(control, options, capture);
    const notes = outlived ? ["The gateway's pause ended before everything was captured."] : [];
    return { result: await store(), downtimeMs: null, notes, trouble };
  }
  const onStep = (step: string) => progress.note(`${step}: ${control.describe}`);
  const stopped = await withGatewayStopped(control, { signal, onStep }, async () => {
    await capture();
    return await store();
  });
  return { ...stopped, notes: control.notes };
}
