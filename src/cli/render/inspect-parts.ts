import type { View } from "../command.ts";
import type { InspectDocument, InspectedDatabase } from "../../operations/documents.ts";
import { formatBytes, formatCount, printable } from "../output/format.ts";
import { displayWidth, table } from "../output/table.ts";
import { wrap } from "../output/wrap.ts";

const RIGHT = { align: "right" } as const;
const PATH = { shrink: "start" } as const;

export function channels({ channels: found }: InspectDocument, { style, width }: View): string {
  if (found.length === 0) return "";
  const rows = found.map(({ channel, account, enabled, where, present }) => [
    printable(channel),
    printable(account),
    enabled ? "" : style.faint("disabled"),
    present ? printable(where) : style.warning(`nothing at ${printable(where)}`),
  ]);
  return table([{}, {}, {}, PATH], rows, width && width - 2);
}

/** Each with what it holds of the agent; those of other programs only with `--verbose`. */
export function databases(result: InspectDocument, { style, verbose }: View): string {
  const { databases: found, instance } = result;
  const isTelling = (each: InspectedDatabase) =>
    rowsIn(each) !== "" || each.holds.length > 0 || marks(each).length > 0;
  const shown = verbose ? found : found.filter(isTelling);
  const rest = found.filter((each) => !shown.includes(each));
  const lines = shown.flatMap((each) => [
    `${marks(each).length > 0 ? style.warning("!") : style.good("✓")} ${within(instance.stateDir, each.path)}`,
    `  ${[formatBytes(each.bytes), rowsIn(each), ...marks(each).map(style.warning)].filter((part) => part !== "").join(", ")}`,
  ]);
  const bytes = rest.reduce((sum, each) => sum + each.bytes, 0);
  const more = `${formatCount(rest.length, "other", "others")} without sessions, memories or cron jobs, ${formatBytes(bytes)}`;
  return [...lines, ...(rest.length > 0 ? [style.faint(more)] : [])].join("\n");
}

function marks({ empty, damaged, rows }: InspectedDatabase): string[] {
  if (empty !== null) return ["empty"];
  if (damaged) return ["damaged"];
  return rows === null ? ["its rows were not counted"] : [];
}

function rowsIn({ rows }: InspectedDatabase): string {
  if (rows === null) return "";
  const counts = [
    [rows.sessions, "session", "sessions"],
    [rows.transcriptEntries, "message", "messages"],
    [rows.memories, "memory", "memories"],
    [rows.cronJobs, "cron job", "cron jobs"],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => formatCount(count, one, many))
    .join(", ");
}

/** Shorter where all paths begin the same. */
function within(stateDir: string, path: string): string {
  return printable(path.startsWith(`${stateDir}/`) ? path.slice(stateDir.length + 1) : path);
}

/** Why a place belongs to the agent stands below it: neither has to be cut short for the other. */
export function outside({ outside: places }: InspectDocument, { style, width }: View): string {
  const rows = places.map(({ path, realPath, files, bytes, why }) => ({
    cells: [formatBytes(bytes), formatCount(files, "file")],
    // Of a link the reason names where it stands.
    texts: [printable(why.includes(path) ? realPath : path), printable(why)],
  }));
  return besideAmounts(rows, width, style.faint);
}

/** By reason; with `--verbose` path by path. */
export function leftOut({ excluded }: InspectDocument, { style, verbose, width }: View): string {
  const groups = [...Map.groupBy(excluded, ({ reason }) => reason)]
    .map(([reason, those]) => ({
      reason,
      paths: those.map(({ path }) => path),
      files: those.reduce((sum, { files }) => sum + files, 0),
      bytes: those.reduce((sum, { bytes }) => sum + bytes, 0),
    }))
    .sort((a, b) => b.bytes - a.bytes);
  const rows = groups.map(({ reason, paths, files, bytes }) => ({
    cells: [formatBytes(bytes), formatCount(files, "file")],
    texts: [printable(reason), ...(verbose ? paths.map(printable) : [])],
  }));
  return besideAmounts(rows, width, style.faint);
}

/** Amounts in columns, and beside them texts, each on lines of its own. */
function besideAmounts(
  rows: readonly { cells: readonly string[]; texts: readonly string[] }[],
  width: number | undefined,
  faint: (text: string) => string,
): string {
  if (rows.length === 0) return "";
  const amounts = table(
    [RIGHT, RIGHT],
    rows.map(({ cells }) => cells),
  ).split("\n");
  const indent = Math.max(...amounts.map(displayWidth)) + 2;
  const room = width === undefined ? undefined : width - 2 - indent;
  return rows
    .flatMap(({ texts: [first = "", ...more] }, row) => [
      ...wrap(first, room).map((line, at) => {
        return (at === 0 ? (amounts[row] ?? "") : "").padEnd(indent) + line;
      }),
      ...more.flatMap((text) => wrap(text, room)).map((line) => " ".repeat(indent) + faint(line)),
    ])
    .join("\n");
}
