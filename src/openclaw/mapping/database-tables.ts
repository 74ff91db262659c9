import type { DatabaseSync } from "node:sqlite";
import { isWordColumn } from "./word-columns.ts";

/** A table as far as it can hold texts that may be changed. */
export interface Table {
  name: string;
  isVirtual: boolean;
  columns: Column[];
  /** What names a row: a name of its rowid, or its primary key. */
  key: string[];
  /** All that can be inserted. */
  stored: string[];
}

export interface Column {
  name: string;
  isWords: boolean;
  /** In a primary key or another unique index. */
  isUnique: boolean;
}

/** A full-text index over another table's texts, which it does not keep itself. */
export interface OutsideIndex {
  name: string;
  /** The table. */
  of: string;
}

export interface Tables {
  tables: Table[];
  outside: OutsideIndex[];
  /** What cannot be read here, with SQLite's words. */
  unreadable: { name: string; why: string }[];
}

/** All tables of a database but SQLite's own, and those that a full-text index keeps itself in. */
export function tablesOf(database: DatabaseSync): Tables {
  const found: Tables = { tables: [], outside: [], unreadable: [] };
  const listed = database
    .prepare(
      `SELECT l.name, l.type, l.wr, s.sql FROM pragma_table_list AS l
       JOIN sqlite_schema AS s ON s.name = l.name AND s.type = 'table'
       WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
    )
    .all();
  for (const row of listed) {
    const name = String(row["name"]);
    const isVirtual = row["type"] === "virtual";
    const sql = String(row["sql"]);
    if (isVirtual && !/\bUSING\s+fts[345]/i.test(sql)) {
      found.unreadable.push({ name, why: "a virtual table of a kind that is not known here" });
      continue;
    }
    const content = isVirtual ? /\bcontent\s*=\s*(['"]?)([^'",)]*)\1/i.exec(sql) : null;
    if (content !== null) found.outside.push({ name, of: content[2]?.trim() ?? "" });
    else
      found.tables.push(tableOf(database, name, { isVirtual, hasRowid: Number(row["wr"]) === 0 }));
  }
  return found;
}

function tableOf(
  database: DatabaseSync,
  name: string,
  { isVirtual, hasRowid }: { isVirtual: boolean; hasRowid: boolean },
): Table {
  const info = database.prepare("SELECT name, hidden, pk FROM pragma_table_xinfo(?)").all(name);
  // Not the hidden ones of a virtual table, nor what SQLite computes.
  const columns = info.filter(({ hidden }) => Number(hidden) === 0);
  const names = columns.map((column) => String(column["name"]));
  const primary = columns
    .filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a["pk"]) - Number(b["pk"]))
    .map((column) => String(column["name"]));
  const rowid = ["rowid", "_rowid_", "oid"].find(
    (one) => !names.some((n) => n.toLowerCase() === one),
  );
  const key = hasRowid && rowid !== undefined ? [rowid] : primary;
  const unique = new Set([...primary, ...uniqueColumns(database, name)]);
  return {
    name,
    isVirtual,
    key,
    columns: names.map((column) => ({
      name: column,
      isWords: isWordColumn(name, column),
      isUnique: unique.has(column),
    })),
    stored: [...new Set([...key, ...names])],
  };
}

function uniqueColumns(database: DatabaseSync, table: string): string[] {
  return database
    .prepare(
      `SELECT i.name AS name FROM pragma_index_list(?) AS l JOIN pragma_index_info(l.name) AS i
       WHERE l."unique" = 1 AND i.name IS NOT NULL`,
    )
    .all(table)
    .map(({ name }) => String(name));
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A condition that one row fulfils; its parameters are the row's key. */
export function byKey({ key }: Table): string {
  return key.map((column) => `${quoted(column)} IS ?`).join(" AND ");
}
