import type { View } from "../command.ts";
import type { BackupDocument, DatabaseCapture, Exclusion } from "../../operations/documents.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  printable,
} from "../output/format.ts";
import { table } from "../output/table.ts";
import { nextStep, noteLines, problemLines, section, warningLines } from "./blocks.ts";

/** What was taken, what is new, what was left out and why, and what to do next. */
export function renderBackup(result: BackupDocument, view: View): string {
  const { errors, damaged, notes, warnings } = result;
  return [
    headline(result, view),
    amounts(result),
    ...section("Taken", components(result), view),
    ...section("Databases", databases(result.databases, view), view),
    ...section("Left out", excluded(result.excluded, view), view),
    ...noteLines([...downtime(result), ...notes], view),
    ...section("Could not be taken", problemLines(errors, view), view),
    ...section(
      "Damaged where it was taken from, and kept as it is",
      problemLines(damaged, view),
      view,
    ),
    ...warningLines(warnings, view),
    ...next(result, view),
  ].join("\n");
}

function headline({ snapshot, duration }: BackupDocument, { style }: View): string {
  const took = style.faint(`in ${formatDuration(duration)}`);
  if (snapshot === null) return `${style.strong("Dry run")}: nothing was stored ${took}`;
  const id = style.strong(snapshot.shortId);
  return snapshot.complete
    ? `${style.good("✓")} snapshot ${id} taken ${took}`
    : `${style.warning("!")} snapshot ${id} taken ${took}, but ${style.warning("incomplete")}`;
}

function amounts({ files, bytes, snapshot }: BackupDocument): string {
  const total = files.new + files.changed + files.unchanged;
  const counts = [
    `${formatNumber(files.new)} new`,
    `${formatNumber(files.changed)} changed`,
    `${formatNumber(files.unchanged)} unchanged`,
  ].join(", ");
  const would = snapshot === null ? "would be " : "";
  return [
    `  ${formatCount(total, "file")}, ${formatBytes(bytes.scanned)}: ${counts}`,
    `  ${formatBytes(bytes.added)} ${would}added, ${formatBytes(bytes.stored)} ${would}stored after compression`,
  ].join("\n");
}

function downtime({ downtime: seconds }: BackupDocument): string[] {
  return seconds === null ? [] : [`The gateway was down for ${formatDuration(seconds)}.`];
}

function components({ components: taken }: BackupDocument): string {
  const rows = taken.map(({ component, files, bytes }) => [
    component,
    formatCount(files, "file"),
    formatBytes(bytes),
  ]);
  return rows.length === 0 ? "" : table([{}, { align: "right" }, { align: "right" }], rows);
}

function databases(captures: readonly DatabaseCapture[], { style, width }: View): string {
  if (captures.length === 0) return "";
  return table(
    [{}, { shrink: "start" }, { align: "right" }, {}],
    captures.map(({ path, consistent, tables, sound }) => [
      consistent && sound !== false ? style.good("✓") : style.warning("!"),
      printable(path),
      formatCount(tables, "table"),
      stateOf({ consistent, sound }, style),
    ]),
    width === undefined ? undefined : width - 2,
  );
}

function stateOf(
  { consistent, sound }: Pick<DatabaseCapture, "consistent" | "sound">,
  style: View["style"],
): string {
  if (sound === false) return style.bad("damaged");
  if (!consistent) return style.warning("consistency not proven");
  return style.good(sound === true ? "consistent, sound" : "consistent");
}

/** By reason; with `--verbose` path by path. */
function excluded(exclusions: readonly Exclusion[], { verbose, width }: View): string {
  const groups = new Map<string, { paths: number; files: number; bytes: number }>();
  for (const { path, reason, files, bytes } of exclusions) {
    const key = verbose ? `${printable(path)}  ${reason}` : reason;
    const group = groups.get(key) ?? { paths: 0, files: 0, bytes: 0 };
    groups.set(key, {
      paths: group.paths + 1,
      files: group.files + files,
      bytes: group.bytes + bytes,
    });
  }
  const rows = [...groups]
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    .map(([reason, { files, bytes }]) => [formatBytes(bytes), formatCount(files, "file"), reason]);
  if (rows.length === 0) return "";
  const columns = [{ align: "right" }, { align: "right" }, { shrink: "start" }] as const;
  return table(columns, rows, width === undefined ? undefined : width - 2);
}

function next({ snapshot, excluded: left }: BackupDocument, view: View): string[] {
  if (snapshot === null) return nextStep("Take it for real:", "clawback backup", view);
  if (!snapshot.complete) {
    return nextStep("What every part is and where it lies:", "clawback inspect", view);
  }
  return [
    ...nextStep("Look inside:", `clawback ls ${snapshot.shortId}`, view),
    ...(left.length > 0 && !view.verbose
      ? [view.style.faint("Every path that was left out: add --verbose")]
      : []),
  ];
}
