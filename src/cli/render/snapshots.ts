import type { View } from "../command.ts";
import type { SnapshotDocument } from "../../operations/documents.ts";
import {
  formatBytes,
  formatCount,
  formatRelative,
  formatTime,
  printable,
} from "../output/format.ts";
import { type Column, table } from "../output/table.ts";
import { nextStep } from "./blocks.ts";

/** Oldest first, so that the latest stands right above the prompt. */
export function renderSnapshots(snapshots: readonly SnapshotDocument[], view: View): string {
  const { style, width, now, verbose } = view;
  if (snapshots.length === 0) {
    return ["no snapshots yet", ...nextStep("Take the first:", "clawback backup", view)].join("\n");
  }
  // How long ago it was drilled says more than how long ago it was taken, and both take too much room.
  const drilled = snapshots.some(({ proof }) => proof !== null);
  const rows = snapshots.map((snapshot) => [
    style.strong(verbose ? snapshot.id : snapshot.shortId),
    formatTime(new Date(snapshot.time)),
    ...(drilled ? [] : [formatRelative(new Date(snapshot.time), now)]),
    printable(snapshot.hostname),
    snapshot.bytes === 0 ? "" : formatBytes(snapshot.bytes),
    stateText(snapshot, view),
    printable(
      [
        ...(snapshot.components.length + snapshot.agents.length === 0 ? ["all"] : []),
        ...snapshot.components,
        ...snapshot.agents.map((id) => `agent ${id}`),
        ...snapshot.tags,
      ].join(", "),
    ),
  ]);
  const columns: Column[] = [
    { header: "ID" },
    { header: "TIME" },
    ...(drilled ? [] : [{ header: "" }]),
    { header: "HOST", shrink: "end" },
    { header: "SIZE", align: "right" },
    { header: "STATE" },
    { header: "WHAT, TAGS", shrink: "end" },
  ];
  const count = style.faint(formatCount(snapshots.length, "snapshot"));
  return `${table(columns, rows, width, style.heading)}\n${count}`;
}

/** What the newest drill of it came to, how far it went, and when; else what its manifest says. */
function stateText({ proof, complete }: SnapshotDocument, { style, now }: View): string {
  if (proof === null) return complete ? style.good("complete") : style.warning("incomplete");
  const { verdict, level, time } = proof;
  const text = `${verdict} (${level}) ${formatRelative(new Date(time), now)}`;
  if (verdict === "proven") return style.good(text);
  return verdict === "failed" ? style.bad(text) : style.warning(text);
}
