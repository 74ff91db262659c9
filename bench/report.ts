import type { Cost } from "./measure.ts";

export interface Result extends Cost {
  phase: string;
  tool: string;
  /** Bytes that the phase added to what the tool stores. */
  storedBytes: number;
}

export interface Failure {
  phase: string;
  tool: string;
  failed: string;
}

const MB = 1_000_000;
const COLUMNS = ["wall s", "cpu s", "peak MB", "stored MB"];

/** A line for each tool and phase; in brackets the ratio to `baseline` in the same phase. */
export function renderTable(results: (Result | Failure)[], baseline: string): string {
  const rows = results.map((result) => {
    if ("failed" in result) return [result.phase, result.tool, "failed"];
    const base = results.find((one) => one.phase === result.phase && one.tool === baseline);
    const reference = base === undefined || "failed" in base ? [] : figures(base);
    const cells = figures(result).map((value, index) => cell(value, reference[index]));
    return [result.phase, result.tool, ...cells];
  });
  const table = [["phase", "tool", ...COLUMNS.map((name) => `${name} (×)`)], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number): string =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return table.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

function figures(result: Result): number[] {
  const { wallSeconds, cpuSeconds, peakBytes, storedBytes } = result;
  return [wallSeconds, cpuSeconds, peakBytes / MB, storedBytes / MB];
}

function cell(value: number, reference: number | undefined): string {
  const ratio = reference ? (value / reference).toFixed(2) : "-";
  return `${value.toFixed(value < 100 ? 2 : 0)} (${ratio})`;
}
