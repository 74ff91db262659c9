import { ClawbackError, messageOf } from "../errors.ts";
import { handleOf } from "./handle.ts";
import { Keeper } from "./keeper.ts";
import type { Hold, Report } from "./keeper-messages.ts";
import { bringBack, bringDown } from "./lifecycle.ts";
import type { Limits, Revival } from "./lifecycle.ts";
import type { GatewayControl } from "./recipe.ts";
import type { Stoppable } from "./stoppable.ts";

const STOP_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 180_000;

export interface KeptOptions extends Partial<Limits> {
  signal?: AbortSignal | undefined;
  /** For the keeper, should this process end before its time. */
  hold?: Hold | undefined;
  /** What comes before any start that is asked for here. */
  beforeStart?: () => Promise<void>;
}

/**
 * A gateway that was stopped, and the keeper that starts it should this process be killed. Should
 * the keeper be killed, this process does its work.
 */
export class KeptGateway {
  readonly #keeper: Keeper;
  readonly #limits: Limits;
  readonly #control: GatewayControl;
  readonly #options: KeptOptions;
  #own: Stoppable | undefined;

  private constructor(keeper: Keeper, control: GatewayControl, options: KeptOptions) {
    this.#keeper = keeper;
    this.#control = control;
    this.#options = options;
    this.#limits = {
      stopTimeoutMs: options.stopTimeoutMs ?? STOP_TIMEOUT_MS,
      startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS,
    };
  }

  /**
   * Stops a gateway; returns once it is truly gone (its processes, not just its port).
   * @throws E_GATEWAY when it cannot be stopped: it runs on, or is started when it does end;
   * E_INTERRUPTED: the keeper alone sees to it that the gateway comes back
   */
  static async stop(control: GatewayControl, options: KeptOptions): Promise<KeptGateway> {
    const { signal, hold } = options;
    if (signal?.aborted === true) throw interrupted(signal);
    const kept = new KeptGateway(await Keeper.spawn(), control, options);
    kept.#keeper.tell({ order: "keep", recipe: control.recipe(), hold, ...kept.#limits });
    await kept.#stopped();
    return kept;
  }

  async #stopped(): Promise<void> {
    const { signal, beforeStart } = this.#options;
    let asking = false;
    try {
      let report: Report;
      do {
        report = await orAborted(this.#keeper.report(), signal);
        asking = true;
      } while (report.event === "asking");
      if (report.event === "failed") throw errorOf(report);
    } catch (error) {
      await beforeStart?.();
      this.#keeper.tell({ order: "start" });
      this.#keeper.release();
      if (asking && this.#keeper.isGone) await this.#startAlone(this.#limits.stopTimeoutMs);
      throw error;
    }
  }

  /**
   * Starts it, and waits until it is ready; after an interruption, only starts it.
   * @returns what a person must know: it is not back (E_GATEWAY_DOWN), nobody has waited for it, or
   * somebody else had started it (E_GATEWAY)
   */
  async start(): Promise<ClawbackError | undefined> {
    const { signal, beforeStart } = this.#options;
    await beforeStart?.();
    this.#keeper.tell({ order: "start" });
    let revival: Revival;
    try {
      const report = await orAborted(this.#keeper.report(), signal);
      if (report.event === "failed") return errorOf(report);
      revival = report.event === "back" ? report : { bySomebodyElse: false };
    } catch {
      if (signal?.aborted === true && !this.#keeper.isGone) {
        return new ClawbackError(
          "E_GATEWAY",
          "the gateway was told to start; nobody has waited for it",
        );
      }
      const alone = await this.#startAlone();
      if (alone instanceof ClawbackError) return alone;
      revival = alone;
    }
    if (!revival.bySomebodyElse) return undefined;
    return new ClawbackError(
      "E_GATEWAY",
      "somebody else started the gateway while it was stopped",
      {
        hint: "The copies may not be of one moment. A supervisor looks after it: stop it there instead.",
      },
    );
  }

  /** Stops it once more, whatever interrupts us. @throws E_GATEWAY */
  async stopAgain(): Promise<void> {
    this.#keeper.tell({ order: "stop" });
    try {
      // The report of a start that nobody has waited for may come first.
      for (;;) {
        const report = await this.#keeper.report();
        if (report.event === "stopped") return;
        if (report.event === "failed" && report.step === "stop") throw errorOf(report);
      }
    } catch (error) {
      if (!this.#keeper.isGone) throw error;
      this.#own ??= handleOf(this.#control.recipe());
      await bringDown(this.#own, this.#limits);
    }
  }

  /** The keeper has nothing more to do. */
  leave(): void {
    this.#keeper.tell({ order: "leave" });
    this.#keeper.release();
  }

  /** The keeper does what it was told, and then ends. */
  release(): void {
    this.#keeper.release();
  }

  /** The keeper was killed: this process does its work. */
  async #startAlone(lastWaitMs?: number): Promise<Revival | ClawbackError> {
    this.#own ??= handleOf(this.#control.recipe());
    try {
      return await bringBack(this.#own, this.#limits, lastWaitMs);
    } catch (error) {
      if (error instanceof ClawbackError) return error;
      return new ClawbackError("E_GATEWAY_DOWN", messageOf(error), { cause: error });
    }
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
