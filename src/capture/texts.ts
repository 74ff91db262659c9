import type { DatabaseSync } from "node:sqlite";
import { quoted } from "./open-image.ts";
import { isSqliteError } from "./pin.ts";

/** A column of text in a database. */
export interface Column {
  table: string;
  column: string;
}

const MOST_ROWS = 1000;
/** Characters. */
const LONGEST_TEXT = 64 << 10;

/**
 * Reads columns, as far as there are such: the first 1000 texts of each, the first 65,536
 * characters of a text.
 *
 * @param deadline no further column is begun after this time
 */
export function readTexts(database: DatabaseSync, columns: Column[], deadline: number): string[] {
  return columns.flatMap(({ table, column }) => {
    if (performance.now() > deadline) return [];
    // A name with its table before it: alone, SQLite takes one that it does not know for a string.
    const name = `${quoted(table)}.${quoted(column)}`;
    try {
      return database
        .prepare(
          `SELECT substr(${name}, 1, ${LONGEST_TEXT}) AS text FROM ${quoted(table)}
           WHERE typeof(${name}) = 'text' LIMIT ${MOST_ROWS}`,
        )
        .all()
        .map(({ text }) => String(text));
    } catch (error) {
      // No such table or column in this version of the program, or damage: the facts tell of that.
      if (isSqliteError(error)) return [];
      throw error;
    }
  });
}
