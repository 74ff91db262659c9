import type { View } from "../command.ts";
import type { SnapshotDocument } from "../../operations/documents.ts";
import {
  formatBytes,
  formatCount,
  formatRelative,
  formatTime,
  printable,
} from "../output/format.ts";
import { table } from "../output/table.ts";
import { nextStep } from "./blocks.ts";

/** Oldest first, so that the latest stands right above the prompt. */
export function renderSnapshots(snapshots: readonly SnapshotDocument[], view: View): string {
  const { style, width, now, verbose } = view;
  if (snapshots.length === 0) {
    return ["no snapshots yet", ...nextStep("Take the first:", "clawback backup", view)].join("\n");
  }
  const rows = snapshots.map((snapshot) => [
    style.strong(verbose ? snapshot.id : snapshot.shortId),
    formatTime(new Date(snapshot.time)),
    formatRelative(new Date(snapshot.time), now),
    printable(snapshot.hostname),
    snapshot.bytes === 0 ? "" : formatBytes(snapshot.bytes),
    snapshot.complete ? style.good("complete") : style.warning("incomplete"),
    printable(
      [
        ...(snapshot.components.length + snapshot.agents.length === 0 ? ["all"] : []),
        ...snapshot.components,
        ...snapshot.agents.map((id) => `agent ${id}`),
        ...snapshot.tags,
      ].join(", "),
    ),
  ]);
  const columns = [
    { header: "ID" },
    { header: "TIME" },
    { header: "" },
    { header: "HOST", shrink: "end" },
    { header: "SIZE", align: "right" },
    { header: "STATE" },
    { header: "WHAT, TAGS", shrink: "end" },
  ] as const;
  const count = style.faint(formatCount(snapshots.length, "snapshot"));
  return `${table(columns, rows, width, style.heading)}\n${count}`;
}
