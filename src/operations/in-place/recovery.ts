import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../../errors.ts";
import { currentProcess, lifeOf } from "../../fs/process-identity.ts";
import { liftBars } from "../../gateway/bars.ts";
import { startAgain } from "../../gateway/gateway-note.ts";
import { openTransactions, recover, type Recovered } from "../../transaction/recover.ts";
import type { TransactionAbout } from "../../transaction/replacement.ts";
import type { OperationContext } from "../context.ts";
import { aboutOf } from "./about.ts";
import { journalDir } from "./journal-place.ts";
import { refuseOpenRestore } from "./refuse-open.ts";

/** A process beside a run that was killed may be at it already; it waits for the gateway. */
const PATIENCE_MS = 90_000;
const POLL_MS = 250;

/**
 * Completes or takes back what a restore in place left behind that was cut off, and says which.
 * While one is at work, those who only read go on.
 *
 * @param touchesInstance the command that is to run reads or changes the instance
 * @throws E_RESTORE_OPEN while another one is under way, or when it can be neither completed nor
 *   taken back
 */
export async function finishOpenRestores(
  context: OperationContext,
  touchesInstance: boolean,
): Promise<void> {
  const dir = journalDir(context);
  const self = await currentProcess();
  for (const { owner } of await openTransactions(dir)) {
    if ((await lifeOf(owner, self)) !== "alive") continue;
    if (touchesInstance) await refuseOpenRestore(context);
    return;
  }
  const end = performance.now() + (touchesInstance ? PATIENCE_MS : 0);
  for (;;) {
    try {
      const recovered = await recover(dir, self, { beforeClose: lift(context) });
      for (const one of recovered) await close(context, one);
      return;
    } catch (error) {
      if (!hasCode(error, "E_RESTORE_OPEN")) throw error;
      if (performance.now() > end) {
        if (touchesInstance) throw error;
        context.warn(error.message);
        return;
      }
    }
    await delay(POLL_MS, undefined, { signal: context.signal });
  }
}

function lift({ warn }: OperationContext): (about: TransactionAbout) => Promise<void> {
  return async (about) => {
    for (const problem of await liftBars(aboutOf(about).bars)) warn(problem);
  };
}

/** The gateway is started where that is possible, and a person told where not. */
async function close(
  context: OperationContext,
  { transaction, outcome }: Recovered,
): Promise<void> {
  await using open = transaction;
  const about = aboutOf(open.about);
  const { snapshot, stateDir, note, start } = about;
  const what = `a restore in place of ${snapshot.shortId || "a snapshot"} to ${stateDir} was cut off`;
  await lift(context)(open.about);
  if (outcome === "reverted") {
    context.warn(`${what}: it was taken back, everything is as it was before`);
  } else {
    for (const problem of await open.commit()) context.warn(problem);
    context.warn(`${what}: it was completed; \`clawback undo\` takes it back`);
  }
  // As it was before: with a gateway, also where none was wanted afterwards.
  if (note === null || (!start && outcome === "completed")) return;
  const { started, hint } = await startAgain(note);
  if (!started) context.warn(`the gateway was running then. ${hint ?? ""}`.trim());
}
