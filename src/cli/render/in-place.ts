import type { ChangeList } from "../../operations/in-place/changes.ts";
import type { InPlaceDocument } from "../../operations/in-place/document.ts";
import type { View } from "../command.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
  printable,
} from "../output/format.ts";
import { nextStep, noteLines, section, warningLines } from "./blocks.ts";
import { mappingLines, pluginLines, revivalLines, sessionLines } from "./in-place-parts.ts";

/** So many names of each kind, without `--verbose`. */
const FEW = 6;

/** What a restore in place would do: for a dry run, and before the question. */
export function renderInPlacePlan(plan: InPlaceDocument, view: View): string {
  const { style } = view;
  const { snapshot, dryRun, target, files, bytes, places, gateway, undo, room, owner } = plan;
  const from = `${style.strong(snapshot.shortId)} of ${formatTime(new Date(snapshot.time))}`;
  const gatewayLine =
    gateway === null
      ? "No gateway runs."
      : `The gateway is stopped for the exchange, and started again: ${gateway.what}`;
  return [
    `${style.strong(dryRun ? "Dry run" : "Plan")}: ${printable(target)} becomes what it was in ${from}`,
    `  ${formatCount(files, "file")}, ${formatBytes(bytes)} from the snapshot`,
    ...section("Places", placeLines(places), view),
    ...section("Changes", changeLines(plan, view), view),
    ...section("Mapped", mappingLines(plan), view),
    ...section("Messaging sessions", sessionLines(plan.sessions), view),
    ...section("Plugins whose code is missing", pluginLines(plan.plugins), view),
    "",
    gatewayLine,
    ...(gateway?.notes ?? []).map(printable),
    ...(owner === null ? [] : [`The files will belong to ${printable(owner)}.`]),
    ...room.map(
      ({ path, needed, free }) =>
        `Room at ${printable(path)}: ${formatBytes(needed)} needed, ${formatBytes(free)} free.`,
    ),
    `For \`clawback undo\` ${formatBytes(undo.bytes)} are kept, ${undo.kept}.`,
    ...noteLines(plan.notes, view),
    ...warningLines(plan.warnings, view),
    ...(dryRun ? nextStep("Do it:", "the same command without --dry-run", view) : []),
  ].join("\n");
}

/** What it came to. */
export function renderInPlaceResult(result: InPlaceDocument, view: View): string {
  const { style } = view;
  const { snapshot, target, files, bytes, downtime, duration, undo, safetySnapshot } = result;
  const from = `${style.strong(snapshot.shortId)} of ${formatTime(new Date(snapshot.time))}`;
  return [
    `${style.good("✓")} ${printable(target)} is what it was in ${from}`,
    `  ${formatCount(files, "file")}, ${formatBytes(bytes)}, every byte read back, in ${formatDuration(duration)}`,
    ...(downtime === null ? [] : [`  the gateway was down for ${formatDuration(downtime)}`]),
    ...section("Mapped", mappingLines(result), view),
    ...section("Made fit to start", revivalLines(result.revival), view),
    ...section("Messaging sessions", sessionLines(result.sessions), view),
    ...section("Plugins whose code is missing", pluginLines(result.plugins), view),
    ...noteLines(result.notes, view),
    ...warningLines(result.warnings, view),
    "",
    `${formatBytes(undo.bytes)} of what was there are kept ${undo.kept}.`,
    ...(safetySnapshot === null
      ? []
      : [`It is also in snapshot ${style.strong(safetySnapshot.shortId)}.`]),
    ...nextStep("Take it back:", "clawback undo", view),
  ].join("\n");
}

function placeLines(places: InPlaceDocument["places"]): string {
  return places
    .map(({ from, to, entries }) => {
      const place = from === to ? printable(to) : `${printable(from)} → ${printable(to)}`;
      return entries === 0 ? place : `${place} (${formatCount(entries, "entry", "entries")} of it)`;
    })
    .join("\n");
}

function changeLines({ changes }: InPlaceDocument, { style, verbose }: View): string {
  const { added, replaced, unchanged, removed, kept } = changes;
  const list = (sign: string, what: string, { files, bytes, paths }: ChangeList): string[] => {
    if (files === 0) return [];
    const shown = verbose ? paths : paths.slice(0, FEW);
    const more = files - shown.length;
    return [
      `${sign} ${formatCount(files, "file")} ${what}, ${formatBytes(bytes)}`,
      ...shown.map((path) => `    ${printable(path)}`),
      ...(more > 0 ? [`    … and ${formatCount(more, "more", "more")}`] : []),
    ];
  };
  return [
    ...list(style.good("+"), "added", added),
    ...list(style.warning("~"), "replaced", replaced),
    ...list(style.bad("-"), "made later, taken away", removed),
    ...list("=", "kept: not in such a snapshot", kept),
    ...(unchanged.files === 0 ? [] : [`  ${formatCount(unchanged.files, "file")} the same`]),
  ].join("\n");
}
