import { setTimeout as delay } from "node:timers/promises";
import { ClawbackError, messageOf } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { findGateway } from "./find-gateway.ts";
import { isListening } from "./listening.ts";
import { answers } from "./probe.ts";
import type { GatewayControl } from "./recipe.ts";

const TIMEOUT_MS = 60_000;
const POLL_MS = 250;

/** Whether the gateway of an instance is well, or in a sentence why it is not. */
export type Health = { ok: true; pid: number | undefined } | { ok: false; why: string };

export interface HealthOptions {
  /** How long it may take until it is ready. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Waits until the gateway of this very instance is ready: the process that holds the instance's
 * lock answers `/readyz` with 200 on the port that it itself listens on. What answers there without
 * being that process (another profile's, the copy's original) does not count.
 *
 * @throws E_INTERRUPTED
 */
export async function healthOf(
  instance: Instance,
  surroundings: Surroundings,
  { timeoutMs = TIMEOUT_MS, signal }: HealthOptions = {},
): Promise<Health> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const health = await healthNow(instance, surroundings);
    if (health.ok || performance.now() > end) return health;
    await delay(POLL_MS, undefined, { signal }).catch(() => {
      throw new ClawbackError("E_INTERRUPTED", "interrupted while the gateway was looked at");
    });
  }
}

async function healthNow(instance: Instance, surroundings: Surroundings): Promise<Health> {
  let control: GatewayControl | undefined;
  try {
    control = await findGateway(instance, surroundings);
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
  if (control === undefined) return { ok: false, why: "the gateway does not run" };
  const { port, gateway, kind } = control;
  if (port === undefined) return { ok: false, why: "the gateway listens on no port yet" };
  // A container has a network of its own, where another port may be the gateway's.
  const isOwn =
    kind === "docker" || gateway === undefined || (await isListening(gateway.pid, port));
  if (!isOwn) return { ok: false, why: `the gateway does not listen on port ${port}` };
  if (!(await answers(port, "readyz"))) {
    return { ok: false, why: `the gateway is not ready on port ${port}` };
  }
  return { ok: true, pid: gateway?.pid };
}
