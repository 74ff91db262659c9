import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ClawbackError } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import type { Cli } from "./openclaw-cli.ts";
import { openclawOf } from "./openclaw-command.ts";
import { environmentOf } from "./process-table.ts";
import type { GatewayControl } from "./recipe.ts";
import { resume, suspend } from "./suspension.ts";
import type { Lease } from "./suspension.ts";

const DEFAULT_WAIT_SECONDS = 30;
/** A renewal takes seconds: this much before the end it begins. */
const RENEW_BEFORE_MS = 60_000;
/** Between two renewals, should a gateway give shorter leases than it is known to. */
const RENEWAL_PAUSE_MS = 1_000;

export interface SuspendOptions {
  instance: Instance;
  surroundings: Surroundings;
  /** How long the gateway may take to finish what it is at. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Suspended<T> {
  result: T;
  /** From the lease to its end: how long the gateway took no new work. */
  suspendedMs: number;
  /** Whether the work took longer than the lease: the gateway may have gone on meanwhile. */
  outlived: boolean;
  /** The gateway could not be told to go on; it does so by itself when the lease is over. */
  trouble: ClawbackError | undefined;
}

/**
 * Suspends the gateway, runs `work`, and resumes it, whatever becomes of the work. The lease is of
 * about two minutes; it is made longer while the work goes on. Should this process be killed, the
 * gateway goes on by itself when the lease is over.
 *
 * @throws E_GATEWAY when the gateway is busy, too old or out of reach: nothing has been done then;
 * E_INTERRUPTED; whatever `work` throws
 */
export async function withGatewaySuspended<T>(
  control: GatewayControl,
  options: SuspendOptions,
  work: () => Promise<T>,
): Promise<Suspended<T>> {
  const cli = await cliFor(control, options);
  const at = { port: control.port, requestId: `clawback-${randomUUID()}` };
  const lease = await obtain(cli, at, options);
  const begun = performance.now();
  const working = new AbortController();
  const renewals = renew(cli, at, lease, working.signal);
  let trouble: ClawbackError | undefined;
  let outlived = false;
  let result: T;
  try {
    result = await work();
  } finally {
    working.abort();
    const last = await renewals;
    outlived = Date.now() >= last.expiresAtMs || last.suspensionId !== lease.suspensionId;
    trouble = await giveBack(cli, control.port, last.suspensionId);
  }
  return { result, suspendedMs: performance.now() - begun, outlived, trouble };
}

/** Interrupted on the way to a lease, it may have been granted all the same. */
async function obtain(
  cli: Cli,
  at: { port: number | undefined; requestId: string },
  { waitSeconds = DEFAULT_WAIT_SECONDS, signal }: SuspendOptions,
): Promise<Lease> {
  try {
    return await suspend(cli, at, waitSeconds, signal);
  } catch (error) {
    if (signal?.aborted === true) {
      const lease = await suspend(cli, at, 0).catch(() => undefined);
      if (lease !== undefined) await giveBack(cli, at.port, lease.suspensionId);
    }
    throw error;
  }
}

/** The lease as it is at the end of the work. One that could not be renewed runs out. */
async function renew(
  cli: Cli,
  at: { port: number | undefined; requestId: string },
  first: Lease,
  done: AbortSignal,
): Promise<Lease> {
  let lease = first;
  while (!done.aborted) {
    const pause = Math.max(RENEWAL_PAUSE_MS, lease.expiresAtMs - Date.now() - RENEW_BEFORE_MS);
    await delay(pause, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) break;
    const next = await suspend(cli, at, 0, done).catch(() => undefined);
    if (next === undefined || next.suspensionId !== lease.suspensionId) return next ?? lease;
    lease = next;
  }
  return lease;
}

async function giveBack(
  cli: Cli,
  port: number | undefined,
  suspensionId: string,
): Promise<ClawbackError | undefined> {
  try {
    await resume(cli, port, suspensionId);
    return undefined;
  } catch (error) {
    return new ClawbackError("E_GATEWAY", "the gateway could not be told to go on", {
      hint: "It does so by itself within two minutes.",
      cause: error,
    });
  }
}

/** The gateway's own program and environment, in which its tokens are, or else ours. */
async function cliFor(
  { gateway, kind }: GatewayControl,
  { instance, surroundings }: SuspendOptions,
): Promise<Cli> {
  // What is in a container is started by other paths in there.
  const pid = kind === "docker" ? undefined : gateway?.pid;
  const own = pid === undefined ? undefined : await environmentOf(pid).catch(() => undefined);
  const ours = Object.entries(surroundings.env).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  const env = own ?? Object.fromEntries(ours);
  const path = [env["PATH"], surroundings.env["PATH"]].filter(Boolean).join(":");
  const program = await openclawOf(pid, path);
  if (program === undefined) {
    throw new ClawbackError(
      "E_GATEWAY",
      "the program openclaw is not found, which could suspend it",
      {
        hint: "Put openclaw on the PATH; or back up without --quiesce, which needs nothing.",
      },
    );
  }
  const config = instance.configPath;
  return {
    program,
    env: {
      ...env,
      OPENCLAW_STATE_DIR: instance.stateDir,
      ...(config !== undefined && { OPENCLAW_CONFIG_PATH: config }),
    },
    cwd: instance.home,
  };
}
