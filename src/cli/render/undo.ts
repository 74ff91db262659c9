import type { UndoDocument } from "../../operations/in-place/document.ts";
import type { View } from "../command.ts";
import { formatBytes, formatDuration, formatTime, printable } from "../output/format.ts";
import { noteLines, section, warningLines } from "./blocks.ts";

/** What an undo would do, for the person who is asked. */
export function renderUndoPlan(
  document: UndoDocument,
  { discard }: { discard: boolean },
  view: View,
): string {
  const { style } = view;
  const { restored, since, places, isRedo, undo, gateway } = document;
  const of = `the restore of ${style.strong(restored.shortId)}`;
  const at = formatTime(new Date(since));
  const what = isRedo ? `the undo of ${at}` : `${of} at ${at}`;
  return [
    discard
      ? `${style.strong("Removes")} what is kept since ${what}: ${formatBytes(undo.bytes)}`
      : `${style.strong("Takes back")} ${what}`,
    ...section("In place of what is there now", places.map(printable).join("\n"), view),
    ...(gateway === null || discard ? [] : ["", `The gateway is stopped for it: ${gateway.what}`]),
    ...noteLines(document.notes, view),
  ].join("\n");
}

export function renderUndo(document: UndoDocument, view: View): string {
  const { style } = view;
  const { restored, isRedo, discarded, undo, downtime, duration, warnings } = document;
  if (discarded) {
    return `${style.good("✓")} removed what was kept for an undo: ${formatBytes(undo.bytes)}`;
  }
  const what = isRedo
    ? `what was restored from ${style.strong(restored.shortId)} is back`
    : `everything is as it was before the restore of ${style.strong(restored.shortId)}`;
  return [
    `${style.good("✓")} ${what} ${style.faint(`in ${formatDuration(duration)}`)}`,
    ...(downtime === null ? [] : [`  the gateway was down for ${formatDuration(downtime)}`]),
    `  ${formatBytes(undo.bytes)} are kept ${undo.kept}; \`clawback undo\` turns it round again`,
    ...warningLines(warnings, view),
  ].join("\n");
}
