import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { DerivedKeys } from "./derived-keys.ts";
import { byKey, quoted } from "./database-tables.ts";
import type { Column, Table } from "./database-tables.ts";
import { rewriteText, total } from "./json-text.ts";
import type { PathMatcher } from "./path-matcher.ts";

/** A text that holds the old place. */
export interface Cell {
  column: Column;
  /** As it stands; of bytes, what they say. */
  before: string;
  /** Rewritten; undefined for what cannot be: bytes, or a text that is none. */
  text: string | undefined;
  count: number;
  elsewhere: number;
}

/** What a scan looks for. */
export interface Sought {
  matcher: PathMatcher;
  keys: DerivedKeys;
  /** Words are to be rewritten; else they are counted. */
  words: boolean;
}

/** Longer texts are no keys, and have none in them. */
const LONGEST_KEYED = 65536;

/** A row's texts that hold a path, or the digest of a path, of the old place. */
export interface Row {
  key: SQLInputValue[];
  cells: Cell[];
}

/** The rows of a table that hold the old place. Of each, its key and what was found in it. */
export function* rowsOf(database: DatabaseSync, table: Table, sought: Sought): Generator<Row> {
  database.function("holds_digest", { deterministic: true }, (text) => {
    return sought.keys.rewrite(String(text)).count;
  });
  const { selected, hits } = scanOf(table, sought.matcher.probes.length);
  const sql = `SELECT ${selected} FROM ${quoted(table.name)} WHERE ${hits}`;
  const rows = arrays(database, sql).iterate(...sought.matcher.probes);
  for (const values of rows as unknown as Iterable<SQLInputValue[]>) {
    const row = rowFrom(table, values, sought);
    if (row.cells.length > 0) yield row;
  }
}

/** Reads rows again, by their keys. */
export function rowReader(
  database: DatabaseSync,
  table: Table,
  sought: Sought,
): (key: SQLInputValue[]) => Row {
  const { name, columns, key } = table;
  const selected = [...key, ...columns.map((column) => column.name)].map(quoted).join(", ");
  const statement = arrays(
    database,
    `SELECT ${selected} FROM ${quoted(name)} WHERE ${byKey(table)}`,
  );
  return (values) => rowFrom(table, statement.get(...values) as unknown as SQLInputValue[], sought);
}

function arrays(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  // By position: a rowid goes by the name of the column that it is the alias of.
  statement.setReturnArrays(true);
  return statement;
}

function rowFrom({ key, columns }: Table, values: SQLInputValue[], sought: Sought): Row {
  const cells = columns.flatMap((column, at): Cell[] => {
    const value = values[key.length + at];
    if (typeof value !== "string" && !(value instanceof Uint8Array)) return [];
    const cell = { ...rewrittenCell(value, column, sought), column };
    return cell.count + cell.elsewhere > 0 ? [cell] : [];
  });
  return { key: values.slice(0, key.length), cells };
}

/** A row's key, and those columns that have a hit, the others null; and whether any has. */
function scanOf({ key, columns }: Table, probes: number): { selected: string; hits: string } {
  const hits = columns.map((column) => {
    const cell = quoted(column.name);
    const found = Array.from({ length: probes }, (_, at) => `instr(${cell}, ?${at + 1})`);
    const digest = `(length(${cell}) BETWEEN 16 AND ${LONGEST_KEYED} AND holds_digest(${cell}))`;
    const keyed = column.isWords ? [] : [`(typeof(${cell}) = 'text' AND ${digest})`];
    return `(typeof(${cell}) IN ('text', 'blob') AND (${[...found, ...keyed].join(" OR ")}))`;
  });
  const cells = columns.map(
    (column, at) => `CASE WHEN ${hits[at]} THEN ${quoted(column.name)} END`,
  );
  return { selected: [...key.map(quoted), ...cells].join(", "), hits: hits.join(" OR ") };
}

function rewrittenCell(
  value: string | Uint8Array,
  column: Column,
  { matcher, keys, words }: Sought,
): Omit<Cell, "column"> {
  if (typeof value !== "string") {
    const bytes = Buffer.from(value).toString("utf8");
    const { count } = matcher.rewrite(bytes);
    return { before: bytes, text: undefined, count, elsewhere: 0 };
  }
  if (column.isWords && !words) return { before: value, ...matcher.rewrite(value) };
  const { text, counts, elsewhere } = rewriteText(value, matcher);
  const keyed = column.isWords ? { text, count: 0 } : keys.rewrite(text);
  const count = total(counts) + keyed.count;
  // Bytes that are no text cannot be written back as they were.
  const isText = !value.includes("\u{FFFD}");
  return { before: value, text: isText ? keyed.text : undefined, count, elsewhere };
}

/** The values of live columns that are nothing but a path of the old place. */
export function wholePaths(
  database: DatabaseSync,
  tables: readonly Table[],
  { mappings }: PathMatcher,
): Set<string> {
  const found = new Set<string>();
  for (const { name, columns } of tables) {
    for (const column of columns.filter(({ isWords }) => !isWords)) {
      const cell = quoted(column.name);
      const within = mappings.map((_, at) => `substr(${cell}, 1, length(?${at + 1})) = ?${at + 1}`);
      const rows = database
        .prepare(
          `SELECT DISTINCT ${cell} AS path FROM ${quoted(name)}
           WHERE typeof(${cell}) = 'text' AND length(${cell}) < 4096 AND (${within.join(" OR ")})`,
        )
        .all(...mappings.map(({ from }) => from));
      for (const { path } of rows) found.add(String(path));
    }
  }
  return found;
}
