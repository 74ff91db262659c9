import { ClawbackError } from "../../errors.ts";
import { realPathOfFuture } from "../../fs/paths.ts";
import { currentProcess } from "../../fs/process-identity.ts";
import {
  beginUndo,
  discard,
  lastCommitted,
  undoable,
  type Undoable,
} from "../../transaction/undo.ts";
import type { OperationContext } from "../context.ts";
import { aboutOf } from "./about.ts";
import { namedStateDir } from "./destination.ts";
import { KEPT_UNTIL, type UndoDocument } from "./document.ts";
import { exchange } from "./exchange.ts";
import { gatewayOf, type InstanceHere, instanceHere } from "./instance-here.ts";
import { journalDir } from "./journal-place.ts";
import { refuseOpenRestore } from "./refuse-open.ts";
import type { GatewayControl } from "../../gateway/recipe.ts";

/** An undo that is thought through, and not begun. */
export interface UndoPlan {
  kept: Undoable;
  here: InstanceHere;
  control: GatewayControl | undefined;
  document: UndoDocument;
}

/**
 * Says what an undo would bring back.
 *
 * @throws E_NOTHING_TO_UNDO, E_RESTORE_OPEN, E_GATEWAY
 */
export async function planUndo(
  context: OperationContext,
  { discard: toDiscard = false }: { discard?: boolean } = {},
): Promise<UndoPlan> {
  await refuseOpenRestore(context);
  const kept = await keptFor(context, toDiscard);
  const about = aboutOf(kept.about);
  await refuseOther(context, about.stateDir);
  const here = await instanceHere(context, about);
  const control = await gatewayOf(here);
  const document: UndoDocument = {
    restored: about.snapshot,
    since: kept.since,
    places: about.places,
    isRedo: kept.isUndo,
    dryRun: true,
    discarded: false,
    undo: { bytes: kept.bytes, kept: KEPT_UNTIL },
    gateway: control === undefined ? null : { what: control.describe, notes: control.notes },
    downtime: null,
    notes: [],
    warnings: [],
    duration: 0,
  };
  return { kept, here, control, document };
}

/**
 * Takes the last restore in place back, or the last undo. What is taken away is kept in turn.
 *
 * @throws E_NOTHING_TO_UNDO, E_RESTORE_OPEN, E_OCCUPIED, E_GATEWAY: nothing has changed then;
 *   E_GATEWAY_DOWN
 */
export async function executeUndo(
  context: OperationContext,
  { kept, here, control, document }: UndoPlan,
  { start }: { start: boolean },
): Promise<UndoDocument> {
  const begun = performance.now();
  const about = aboutOf(kept.about);
  await using transaction = await beginUndo({
    journalDir: journalDir(context),
    owner: await currentProcess(),
    about: { ...kept.about, bars: [], note: null, start },
  });
  const { downtimeMs, warnings } = await exchange(context, transaction, {
    control,
    survey: here.survey,
    start,
    paths: about.places,
    ready: () => Promise.resolve(),
    afterSwap: () => Promise.resolve(),
  });
  const left = await undoable(journalDir(context));
  return {
    ...document,
    dryRun: false,
    isRedo: kept.isUndo,
    undo: { bytes: left?.bytes ?? 0, kept: KEPT_UNTIL },
    downtime: downtimeMs === null ? null : downtimeMs / 1000,
    warnings,
    duration: (performance.now() - begun) / 1000,
  };
}

/** Removes what is kept for an undo. @throws E_NOTHING_TO_UNDO, E_RESTORE_OPEN */
export async function discardUndo(
  context: OperationContext,
  { document }: UndoPlan,
): Promise<UndoDocument> {
  await discard(journalDir(context));
  return { ...document, dryRun: false, discarded: true };
}

/** What has been damaged can be discarded all the same. */
async function keptFor(context: OperationContext, toDiscard: boolean): Promise<Undoable> {
  const dir = journalDir(context);
  const kept = await undoable(dir);
  if (kept !== undefined) return kept;
  const damaged = await lastCommitted(dir);
  if (damaged === undefined) throw nothing();
  if (toDiscard) return { ...damaged, bytes: 0 };
  throw new ClawbackError(
    "E_NOTHING_TO_UNDO",
    `what is kept for an undo is not whole any more: ${damaged.directories.join(", ")}`,
    { hint: "Where it was moved away, move it back; `clawback undo --discard` removes the rest." },
  );
}

/** @throws E_NOTHING_TO_UNDO when another instance was named than the one that was restored */
async function refuseOther(context: OperationContext, restored: string): Promise<void> {
  const named = await namedStateDir(context);
  if (named === undefined) return;
  const [one, other] = await Promise.all([named, restored].map((each) => realPathOfFuture(each)));
  if (one === other) return;
  throw new ClawbackError(
    "E_NOTHING_TO_UNDO",
    `the last restore in place was that of ${restored}, not of ${named}`,
    { hint: "What is kept is of the last one alone. A snapshot can be restored in any case." },
  );
}

function nothing(): ClawbackError {
  return new ClawbackError("E_NOTHING_TO_UNDO", "no restore in place is kept for undo", {
    hint: "`clawback snapshots` shows what can be restored; one tagged before-restore was taken before a restore in place.",
  });
}
