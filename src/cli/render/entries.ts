import type { View } from "../command.ts";
import type {
  DiffDocument,
  EntryDocument,
  FindDocument,
  LsDocument,
} from "../../operations/documents.ts";
import { formatBytes, formatTime, printable } from "../output/format.ts";
import { table } from "../output/table.ts";

/** One path a line; with `--verbose` mode, size and time before it. Paths are never cut. */
function renderEntries(entries: readonly EntryDocument[], { verbose }: View): string {
  if (!verbose) return entries.map(({ path }) => printable(path)).join("\n");
  return table(
    [{}, { align: "right" }, {}, {}],
    entries.map(({ mode, size, mtime, path, linkTarget }) => [
      mode,
      formatBytes(size),
      formatTime(new Date(mtime)),
      printable(linkTarget === undefined ? path : `${path} -> ${linkTarget}`),
    ]),
  );
}

export function renderLs({ entries }: LsDocument, view: View): string {
  return renderEntries(entries, view);
}

export function renderFind({ matches }: FindDocument, view: View): string {
  if (matches.length === 0) return view.style.faint("nothing found");
  return matches
    .map(({ snapshot, entries }) =>
      [
        `${view.style.strong(snapshot.shortId)}  ${formatTime(new Date(snapshot.time))}`,
        ...renderEntries(entries, view)
          .split("\n")
          .map((line) => `  ${line}`),
      ].join("\n"),
    )
    .join("\n\n");
}

const SIGNS = { added: "+", removed: "-", changed: "M", type: "T", metadata: "U" } as const;

export function renderDiff({ from, to, changes }: DiffDocument, { style, verbose }: View): string {
  const paints = {
    added: style.good,
    removed: style.bad,
    changed: style.warning,
    type: style.warning,
    metadata: style.faint,
  };
  // A changed time alone is rarely what somebody looks for.
  const shown = changes.filter(({ change }) => verbose || change !== "metadata");
  const count = (kind: string) => changes.filter(({ change }) => change === kind).length;
  const grown = changes.reduce((sum, { bytes }) => sum + bytes, 0);
  const summary = [
    `${count("added")} added`,
    `${count("removed")} removed`,
    `${count("changed") + count("type")} changed`,
    ...(count("metadata") > 0 ? [`${count("metadata")} with new metadata only`] : []),
    `${grown < 0 ? "-" : "+"}${formatBytes(Math.abs(grown))}`,
  ];
  return [
    style.heading(`${from.shortId} → ${to.shortId}`),
    ...shown.map(({ path, change }) => paints[change](`${SIGNS[change]} ${printable(path)}`)),
    ...(changes.length === 0 ? ["no difference"] : [style.faint(summary.join(", "))]),
  ].join("\n");
}
