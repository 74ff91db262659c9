import { ClawbackError, messageOf } from "../../errors.ts";
import { type Bar, barGateway, liftBars } from "../../gateway/bars.ts";
import { toJournal } from "../../gateway/gateway-note.ts";
import { healthOf } from "../../gateway/health.ts";
import type { GatewayControl } from "../../gateway/recipe.ts";
import { type DownGateway, withGatewayDown } from "../../gateway/with-gateway-down.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import type { OperationContext } from "../context.ts";
import type { Survey } from "../survey.ts";
import { journalDir } from "./journal-place.ts";
import { refuseOccupants } from "./occupied.ts";

export interface Exchange {
  /** Undefined: no gateway runs. */
  control: GatewayControl | undefined;
  /** Of what was there before; undefined: nothing. */
  survey: Survey | undefined;
  /** Start the gateway again. */
  start: boolean;
  /** What is exchanged: absolute. */
  paths: readonly string[];
  /** Looks once more at what is there, now that nothing changes it, and prepares the transaction. */
  ready: () => Promise<void>;
  /** The new trees stand, and nothing runs yet. */
  afterSwap: () => Promise<void>;
}

export interface Exchanged {
  /** Milliseconds without a gateway; null: none ran, or it was not started again. */
  downtimeMs: number | null;
  warnings: string[];
}

/**
 * Exchanges the trees of a transaction that is built while no gateway works in them, and commits
 * it when the gateway is well again. Else everything is as before, the gateway included.
 *
 * @throws E_OCCUPIED, E_GATEWAY, E_INTERRUPTED, and what the transaction throws: all is as before;
 *   E_RESTORE_OPEN: it could not be taken back, and nothing starts until it is; E_GATEWAY_DOWN
 */
export async function exchange(
  context: OperationContext,
  transaction: Transaction,
  work: Exchange,
): Promise<Exchanged> {
  const { signal, progress } = context;
  const { control, start } = work;
  const warnings: string[] = [];
  let bars: Bar[] = [];
  try {
    await refuseOccupants(work.paths, control);
    bars = await raised(context, transaction, work);
    const down = await withGatewayDown(
      control,
      {
        journalDir: journalDir(context),
        bars,
        leaveDown: !start,
        signal,
        onStep: (step) => progress.note(`${step}: ${control?.describe ?? "no gateway"}`),
      },
      (gateway) => exchanged(context, transaction, work, gateway, warnings),
    );
    warnings.push(...down.problems);
    if (down.trouble !== undefined) {
      warnings.push(`${down.trouble.message}. ${down.trouble.hint ?? ""}`.trim());
    }
    const isBack = control !== undefined && start;
    return { downtimeMs: isBack ? down.downtimeMs : null, warnings };
  } catch (error) {
    if (transaction.phase === "building") await transaction.revert();
    // Where it is stuck half-way nothing may start.
    if (transaction.phase === "reverted") {
      for (const problem of await liftBars(bars)) context.warn(problem);
    }
    throw error;
  }
}

/** Nobody starts a gateway from here on, across a reboot too, until the transaction is over. */
async function raised(
  { env, home }: OperationContext,
  transaction: Transaction,
  { survey, control }: Exchange,
): Promise<Bar[]> {
  if (survey === undefined) return [];
  const surroundings = { env, home, platform: process.platform };
  const note = control === undefined ? null : toJournal(control);
  return barGateway(survey.instance, surroundings, transaction.journalFile, {
    control,
    record: (bars) => transaction.note({ ...transaction.about, bars, note }),
  });
}

/** While the gateway is down. Returns when it is well again, and everything is committed. */
async function exchanged(
  context: OperationContext,
  transaction: Transaction,
  { paths, ready, afterSwap, control, start, survey }: Exchange,
  gateway: DownGateway,
  warnings: string[],
): Promise<void> {
  await refuseOccupants(paths, undefined);
  await ready();
  context.signal.throwIfAborted();
  warnings.push(...(await transaction.swap()));
  try {
    await afterSwap();
    if (control !== undefined && survey !== undefined && start) {
      await gateway.start();
      await refuseUnwell(context, survey);
    }
  } catch (error) {
    await gateway.stop();
    await transaction.revert();
    throw new ClawbackError(
      error instanceof ClawbackError && error.code === "E_INTERRUPTED" ? error.code : "E_GATEWAY",
      `the gateway was not well with what was put in place (${messageOf(error)}): everything is as it was before`,
      { hint: "See its log. To do it without starting the gateway: --no-start", cause: error },
    );
  }
  warnings.push(...(await transaction.commit()));
}

async function refuseUnwell(
  { env, home, signal }: OperationContext,
  { instance }: Survey,
): Promise<void> {
  const health = await healthOf(instance, { env, home, platform: process.platform }, { signal });
  if (!health.ok) throw new ClawbackError("E_GATEWAY_DOWN", health.why);
}
