import { ClawbackError, messageOf } from "../errors.ts";
import { openTransactions } from "../transaction/recover.ts";
import { liftBars, raiseBars } from "./bars.ts";
import type { Bar } from "./bars.ts";
import { KeptGateway } from "./kept-gateway.ts";
import type { GatewayControl } from "./recipe.ts";
import { settle } from "./settle.ts";
import type { Outcome } from "./settle.ts";
import { withTrouble } from "./with-gateway-stopped.ts";
import type { Stopped, StopOptions } from "./with-gateway-stopped.ts";

export interface DownOptions extends StopOptions {
  /** Where the transaction of the work has its journal. */
  journalDir: string;
  /** As `barGateway` raised them. They are lifted before every start. */
  bars: readonly Bar[];
  /** After work that succeeds the gateway is not started, unless the work has. */
  leaveDown?: boolean | undefined;
}

/** The gateway in the hands of the work. Where none ran before, nothing is started or stopped. */
export interface DownGateway {
  /**
   * Lifts the bars, starts the gateway and waits until it is ready.
   * @throws E_GATEWAY_DOWN; E_INTERRUPTED: it may get ready all the same, so stop it then too
   */
  start(): Promise<void>;
  /**
   * Puts the bars up again, stops it, and waits until it is truly gone, whatever interrupts us.
   * @throws E_GATEWAY
   */
  stop(): Promise<void>;
}

export interface Downtime<T> extends Stopped<T> {
  /** Bars that could not be lifted: sentences with the command that does it. */
  problems: string[];
}

/**
 * Stops a gateway for work that replaces what it works on, in a transaction. The work may start it
 * and look whether it is well, and stop it again to take everything back. When the work is over it
 * is started unless it runs, or unless the transaction is stuck half-way: then it stays down, and
 * barred, until a later command has finished that.
 *
 * Should this process be killed, a keeper finishes the transaction (`finish-alone.ts`) first.
 *
 * @param control the gateway that runs; undefined: none, there are only bars
 * @throws as `withGatewayStopped`; E_RESTORE_OPEN with what `work` threw as its cause when the
 * transaction is stuck
 */
export async function withGatewayDown<T>(
  control: GatewayControl | undefined,
  options: DownOptions,
  work: (gateway: DownGateway) => Promise<T>,
): Promise<Downtime<T>> {
  const { onStep, bars, journalDir, leaveDown = false } = options;
  const problems = new Set<string>();
  const lift = async (): Promise<void> => {
    for (const problem of await liftBars(bars)) problems.add(problem);
  };
  const gateway = new Gateway(lift, options);
  if (control !== undefined) {
    onStep?.("stopping");
    const hold = { journalDir, bars, leaveDown };
    gateway.kept = await KeptGateway.stop(control, { ...options, hold, beforeStart: lift });
    onStep?.("stopped");
  }
  const outcome = await settle(() => work(gateway));
  if (await isStuck(journalDir)) {
    gateway.kept?.leave();
    throw stuck(outcome);
  }
  await gateway.end("result" in outcome && leaveDown);
  if ("error" in outcome) throw withTrouble(outcome.error, gateway.trouble);
  return {
    result: outcome.result,
    downtimeMs: gateway.downtimeMs,
    trouble: gateway.trouble,
    problems: [...problems],
  };
}

class Gateway implements DownGateway {
  kept: KeptGateway | undefined;
  trouble: ClawbackError | undefined;
  readonly #lift: () => Promise<void>;
  readonly #options: DownOptions;
  readonly #begun = performance.now();
  #upAt: number | undefined;

  constructor(lift: () => Promise<void>, options: DownOptions) {
    this.#lift = lift;
    this.#options = options;
  }

  get downtimeMs(): number {
    return (this.#upAt ?? performance.now()) - this.#begun;
  }

  async start(): Promise<void> {
    const { signal } = this.#options;
    await this.#start();
    if (this.trouble?.code === "E_GATEWAY_DOWN") throw this.trouble;
    if (signal?.aborted === true) {
      throw new ClawbackError("E_INTERRUPTED", "interrupted while the gateway was starting");
    }
  }

  async stop(): Promise<void> {
    await raiseBars(this.#options.bars);
    this.#upAt = undefined;
    this.#options.onStep?.("stopping");
    await this.kept?.stopAgain();
    this.trouble = undefined;
    this.#options.onStep?.("stopped");
  }

  /** As it shall be when the work is over. */
  async end(leaveDown: boolean): Promise<void> {
    const isUp = this.#upAt !== undefined;
    if (isUp || leaveDown) {
      await this.#lift();
      this.kept?.leave();
      return;
    }
    await this.#start();
    this.kept?.release();
  }

  async #start(): Promise<void> {
    if (this.kept === undefined) return this.#lift();
    this.#options.onStep?.("starting");
    this.trouble = await this.kept.start();
    if (this.trouble?.code === "E_GATEWAY_DOWN") return;
    this.#upAt = performance.now();
    if (this.trouble === undefined) this.#options.onStep?.("ready");
  }
}

/** Whether nobody may run on what is there. */
async function isStuck(journalDir: string): Promise<boolean> {
  try {
    const open = await openTransactions(journalDir);
    return open.some(({ phase }) => phase === "swapping" || phase === "reverting");
  } catch {
    return true;
  }
}

function stuck(outcome: Outcome<unknown>): ClawbackError {
  const cause = "error" in outcome ? outcome.error : undefined;
  const why = cause === undefined ? "the restore is not finished" : messageOf(cause);
  const hint = cause instanceof ClawbackError ? cause.hint : undefined;
  return new ClawbackError("E_RESTORE_OPEN", `${why}; the gateway stays down until it is`, {
    hint: hint ?? "Mend the cause; the next command completes the restore or takes it back.",
    cause,
  });
}
