import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { messageOf } from "../../errors.ts";
import { byKey, quoted } from "./database-tables.ts";
import type { OutsideIndex, Table } from "./database-tables.ts";
import { BYTE_COUNTS } from "./word-columns.ts";

/** New texts for a row. */
export interface RowChange {
  key: SQLInputValue[];
  texts: Map<string, string>;
}

/** What could not be written, and rows that stood where a moved one belongs. */
export interface Trouble {
  table: string;
  why: string;
  count: number;
}

/**
 * Writes new texts. Triggers do not see it, so that nothing happens but that: they are taken away
 * and put back within the transaction that the caller has begun.
 */
export function writeTable(
  database: DatabaseSync,
  table: Table,
  changes: Iterable<RowChange>,
): Trouble[] {
  const unique = new Set(table.columns.filter(({ isUnique }) => isUnique).map(({ name }) => name));
  const troubles: Trouble[] = [];
  const moving: RowChange[] = [];
  for (const change of changes) {
    if ([...change.texts.keys()].some((column) => unique.has(column))) moving.push(change);
    else troubles.push(...update(database, table, change));
  }
  if (moving.length > 0) troubles.push(...move(database, table, moving));
  return troubles;
}

function update(database: DatabaseSync, table: Table, { key, texts }: RowChange): Trouble[] {
  const values = withByteCounts(table, texts);
  const set = [...values.keys()].map((column) => `${quoted(column)} = ?`).join(", ");
  const sql = `UPDATE ${quoted(table.name)} SET ${set} WHERE ${byKey(table)}`;
  try {
    database.prepare(sql).run(...values.values(), ...key);
    return [];
  } catch (error) {
    return [{ table: table.name, why: `cannot be rewritten: ${messageOf(error)}`, count: 1 }];
  }
}

/** Rows whose keys change are taken out all together first: two may exchange their places. */
function move(database: DatabaseSync, table: Table, changes: readonly RowChange[]): Trouble[] {
  const name = quoted(table.name);
  const columns = table.stored.map(quoted);
  const select = database.prepare(
    `SELECT ${columns.join(", ")} FROM ${name} WHERE ${byKey(table)}`,
  );
  select.setReadBigInts(true);
  // By position: a rowid goes by the name of the column that it is the alias of.
  select.setReturnArrays(true);
  const rows = changes.map(({ key, texts }) => {
    const row = select.get(...key) as unknown as SQLInputValue[];
    const values = withByteCounts(table, texts);
    return table.stored.map((column, at) => values.get(column) ?? row[at] ?? null);
  });
  const marks = columns.map(() => "?").join(", ");
  const count = database.prepare(`SELECT count(*) AS rows FROM ${name}`);
  database.exec("SAVEPOINT moving");
  try {
    const remove = database.prepare(`DELETE FROM ${name} WHERE ${byKey(table)}`);
    const insert = database.prepare(
      `INSERT OR REPLACE INTO ${name} (${columns.join(", ")}) VALUES (${marks})`,
    );
    const before = Number(count.get()?.["rows"]);
    for (const { key } of changes) remove.run(...key);
    for (const row of rows) insert.run(...row);
    const replaced = before - Number(count.get()?.["rows"]);
    database.exec("RELEASE moving");
    const why = "a row for the new place was in the way; that of the old place took its place";
    return replaced === 0 ? [] : [{ table: table.name, why, count: replaced }];
  } catch (error) {
    database.exec("ROLLBACK TO moving; RELEASE moving");
    const why = `cannot be rewritten: ${messageOf(error)}`;
    return [{ table: table.name, why, count: changes.length }];
  }
}

function withByteCounts(table: Table, texts: RowChange["texts"]): Map<string, SQLInputValue> {
  const values = new Map<string, SQLInputValue>(texts);
  for (const [column, text] of texts) {
    const counting = BYTE_COUNTS[column];
    if (counting === undefined || !table.stored.includes(counting)) continue;
    values.set(counting, BigInt(Buffer.byteLength(text)));
  }
  return values;
}

/** Takes the triggers of a table away; what it returns puts them back as they were. */
export function withoutTriggers(database: DatabaseSync, table: string): () => void {
  const triggers = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?")
    .all(table);
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${quoted(String(name))}`);
  return () => {
    for (const { sql } of triggers) database.exec(String(sql));
  };
}

/** Full-text indexes do not see that the texts that they are of have changed. */
export function rebuildIndex(database: DatabaseSync, { name }: OutsideIndex): void {
  database.exec(`INSERT INTO ${quoted(name)}(${quoted(name)}) VALUES ('rebuild')`);
}
