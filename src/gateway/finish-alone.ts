import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../errors.ts";
import { currentProcess } from "../fs/process-identity.ts";
import { recover } from "../transaction/recover.ts";
import type { Recovered } from "../transaction/recover.ts";
import { liftBars, raiseBars } from "./bars.ts";
import type { Hold } from "./keeper-messages.ts";
import { bringBack, bringDown } from "./lifecycle.ts";
import type { Limits } from "./lifecycle.ts";
import type { Stoppable } from "./stoppable.ts";

/** Another command may be at the journal, and must not keep the gateway down. */
const PATIENCE_MS = 120_000;
const POLL_MS = 500;

/**
 * Finishes a restore in place whose run has ended on the way, and starts the gateway: what stands
 * completely is committed when the gateway gets ready with it, and taken back when it does not.
 *
 * @param state of the gateway when the run ended
 * @throws E_RESTORE_OPEN when it can be neither completed nor taken back: the gateway stays down,
 * and barred; E_GATEWAY_DOWN
 */
export async function finishAlone(
  gateway: Stoppable,
  { journalDir, bars, leaveDown }: Hold,
  limits: Limits,
  state: "up" | "down" | "unknown",
): Promise<void> {
  const beforeClose = async (): Promise<void> => void (await liftBars(bars));
  // One that never got ready must be out of the way.
  if (state === "unknown") await bringDown(gateway, limits);
  const patience = state === "up" ? 0 : PATIENCE_MS;
  const recovered = await recoverWithin(patience, journalDir, beforeClose);
  const completed = recovered.filter(({ outcome }) => outcome === "completed");
  await liftBars(bars);
  if (state === "up" || (leaveDown && completed.length > 0)) return commitAll(completed);
  try {
    await bringBack(gateway, limits);
  } catch (error) {
    if (completed.length === 0) throw error;
    await raiseBars(bars);
    await bringDown(gateway, limits);
    for (const { transaction } of completed) await transaction.revert(beforeClose);
    await bringBack(gateway, limits);
    return;
  }
  await commitAll(completed);
}

async function commitAll(completed: readonly Recovered[]): Promise<void> {
  for (const { transaction } of completed) await transaction.commit();
}

async function recoverWithin(
  patienceMs: number,
  journalDir: string,
  beforeClose: () => Promise<void>,
): Promise<Recovered[]> {
  const self = await currentProcess();
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await recover(journalDir, self, { beforeClose });
    } catch (error) {
      if (!hasCode(error, "E_RESTORE_OPEN") || performance.now() > end) throw error;
    }
    await delay(POLL_MS);
  }
}
