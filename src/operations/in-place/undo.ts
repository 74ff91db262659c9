import { ClawbackError } from "../../errors.ts";
import { currentProcess } from "../../fs/process-identity.ts";
import { beginUndo, discard, undoable, type Undoable } from "../../transaction/undo.ts";
import type { OperationContext } from "../context.ts";
import { aboutOf } from "./about.ts";
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
export async function planUndo(context: OperationContext): Promise<UndoPlan> {
  await refuseOpenRestore(context);
  const kept = await undoable(journalDir(context));
  if (kept === undefined) throw nothing();
  const about = aboutOf(kept.about);
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

function nothing(): ClawbackError {
  return new ClawbackError("E_NOTHING_TO_UNDO", "no restore in place is kept for undo", {
    hint: "`clawback snapshots` shows what can be restored; one tagged before-restore was taken before a restore in place.",
  });
}
