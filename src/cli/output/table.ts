import { stripVTControlCharacters } from "node:util";

export interface Column {
  header?: string;
  align?: "left" | "right";
  /** Where a cell may be cut when the terminal is too narrow: a path loses its start, prose its end. */
  shrink?: "start" | "end";
}

const GAP = "  ";
const NARROWEST = 8;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/**
 * Aligned columns, one row a line. With a `width` (a terminal's), columns that may shrink are cut
 * to fit; without one (a pipe) every cell stands in full.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
  heading: (text: string) => string = (text) => text,
): string {
  const headers = columns.map(({ header }) => header ?? "");
  const withHead = headers.some((header) => header !== "");
  const widths = columns.map((_, index) =>
    Math.max(...[headers, ...rows].map((row) => displayWidth(row[index] ?? ""))),
  );
  if (width !== undefined) shrink(columns, widths, width);
  const line = (row: readonly string[]) =>
    columns
      .map((column, index) => fit(row[index] ?? "", widths[index] ?? 0, column))
      .join(GAP)
      .trimEnd();
  return [...(withHead ? [heading(line(headers))] : []), ...rows.map(line)].join("\n");
}

/** Columns that a text takes on a terminal: colour codes and combining marks none, CJK two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const letter of stripVTControlCharacters(text)) {
    if (!/\p{Mark}|\u200d/u.test(letter)) width += WIDE.test(letter) ? 2 : 1;
  }
  return width;
}

/** Cuts a plain text to a width, with an ellipsis in the place of what is gone. */
export function cut(text: string, width: number, where: "start" | "end" = "end"): string {
  if (displayWidth(text) <= width) return text;
  const letters = Array.from(text);
  if (where === "start") letters.reverse();
  let used = 1;
  const first = letters.findIndex((letter) => (used += displayWidth(letter)) > width);
  const kept = letters.slice(0, first);
  return where === "start" ? `…${kept.toReversed().join("")}` : `${kept.join("")}…`;
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let excess = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  for (; excess > 0; excess--) {
    const widest = columns.reduce<number | undefined>((best, column, index) => {
      const mine = widths[index] ?? 0;
      if (column.shrink === undefined || mine <= NARROWEST) return best;
      return best === undefined || mine > (widths[best] ?? 0) ? index : best;
    }, undefined);
    if (widest === undefined) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function fit(cell: string, width: number, { align, shrink: where }: Column): string {
  const over = displayWidth(cell) > width;
  // Colour codes cannot be cut in the middle: a cell that is cut loses them.
  const text = over ? cut(stripVTControlCharacters(cell), width, where) : cell;
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "right" ? space + text : text + space;
}
