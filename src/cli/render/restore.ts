import type { View } from "../command.ts";
import type { RestoreDocument } from "../../operations/documents.ts";
import type { BesideDocument } from "../../operations/restore-beside.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
  printable,
} from "../output/format.ts";
import { nextStep, noteLines, problemLines, section, warningLines } from "./blocks.ts";

export function renderRestore(result: RestoreDocument, view: View): string {
  const { snapshot, dryRun, files, bytes, target, mapped, errors, notes, warnings } = result;
  const { style } = view;
  const amount = `${formatCount(files, "file")}, ${formatBytes(bytes)}`;
  const from = `from ${style.strong(snapshot.shortId)} of ${formatTime(new Date(snapshot.time))}`;
  const headline = dryRun
    ? `${style.strong("Dry run")}: ${amount} would be restored ${from}`
    : `${errors.length === 0 ? style.good("✓") : style.warning("!")} ${amount} restored ${from}`;
  const verified = result.verified ? "every byte proven by its hash, " : "";
  return [
    headline,
    `  to ${printable(target)}`,
    ...(dryRun ? [] : [`  ${verified}in ${formatDuration(result.duration)}`]),
    ...section(
      "Mapped",
      mapped.map(({ from: old, to }) => `${printable(old)} → ${printable(to)}`).join("\n"),
      view,
    ),
    ...(result.damaged
      ? ["", `${style.bad("✗")} the repository is damaged: some of this data is lost`]
      : []),
    ...noteLines(notes, view),
    ...section("Could not be restored", problemLines(errors, view), view),
    ...warningLines(warnings, view),
    ...(result.damaged ? nextStep("See how far it goes:", "clawback check --read-data", view) : []),
    ...(dryRun ? nextStep("Do it:", "the same command without --dry-run", view) : []),
  ].join("\n");
}

export function renderBeside(result: BesideDocument, view: View): string {
  const { snapshot, restored, files, bytes, notes } = result;
  const { style } = view;
  const amount = `${formatCount(files, "file")}, ${formatBytes(bytes)}`;
  const from = `from ${style.strong(snapshot.shortId)} of ${formatTime(new Date(snapshot.time))}`;
  return [
    `${style.good("✓")} ${amount} restored ${from}`,
    ...restored.map(({ as }) => `  to ${printable(as)}`),
    `  every byte proven by its hash, in ${formatDuration(result.duration)}`,
    ...noteLines(notes, view),
  ].join("\n");
}
