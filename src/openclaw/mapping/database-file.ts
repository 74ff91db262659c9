import { closeSync, existsSync, fsyncSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../errors.ts";
import { isWithin } from "../user-paths.ts";
import { rowReader, rowsOf, wholePaths } from "./database-scan.ts";
import type { Cell, Sought } from "./database-scan.ts";
import { tablesOf } from "./database-tables.ts";
import type { OutsideIndex, Table } from "./database-tables.ts";
import { rebuildIndex, withoutTriggers, writeTable } from "./database-write.ts";
import type { RowChange, Trouble } from "./database-write.ts";
import { DerivedKeys } from "./derived-keys.ts";
import { remember } from "./pass.ts";
import type { Pass } from "./pass.ts";

const MAGIC = "SQLite format 3\0";
const WORDS = "conversations and memories; rewritten only on request";
const BYTES = "bytes, or a text that is not valid; cannot be rewritten";
const ELSEWHERE = "the same path on another machine";

/** Whether a file is a SQLite database by its header. */
export function isDatabase(at: string): boolean {
  const fd = openSync(at, "r");
  try {
    const header = Buffer.alloc(MAGIC.length);
    readSync(fd, header, 0, header.length, 0);
    return header.toString("latin1") === MAGIC;
  } finally {
    closeSync(fd);
  }
}

/** The rows of a table that are to be rewritten. */
interface Work {
  table: Table;
  keys: SQLInputValue[][];
}

/**
 * Looks through all tables of a database, and rewrites them if the pass does. One without the old
 * place is not written to; what cannot be read or written is told of and stays as it is.
 *
 * @param path by its place at home
 * @param at where its bytes are
 */
export function mapDatabase(path: string, at: string, pass: Pass): void {
  try {
    const { work, outside, sought } = look(path, at, pass);
    if (pass.stage === "write" && work.length > 0) {
      for (const { table, why, count } of write(at, work, outside, { sought, pass })) {
        pass.tally.left(path, table, why, count);
      }
    }
  } catch (error) {
    pass.signal?.throwIfAborted();
    pass.tally.left(path, "", `the database cannot be rewritten: ${messageOf(error)}`, 0);
  }
}

function look(
  path: string,
  at: string,
  pass: Pass,
): { work: Work[]; outside: OutsideIndex[]; sought: Sought } {
  using database = openToRead(at);
  const { tables, outside, unreadable } = tablesOf(database);
  for (const { name, why } of unreadable) pass.tally.left(path, name, why, 0);
  if (pass.stage === "plan") {
    for (const found of wholePaths(database, tables, pass.matcher)) pass.known.paths.add(found);
  }
  const sought = { matcher: pass.matcher, keys: keysOf(pass), words: pass.words === "rewrite" };
  const work = lookedAt(tables, pass).map((table): Work => {
    pass.signal?.throwIfAborted();
    const found: Work = { table, keys: [] };
    for (const row of rowsOf(database, table, sought)) {
      const taken = row.cells.filter((cell) => judge(path, table, cell, pass));
      if (taken.length > 0) found.keys.push(row.key);
    }
    return found;
  });
  return { work: work.filter((one) => one.keys.length > 0), outside, sought };
}

function lookedAt(tables: readonly Table[], { words }: Pass): readonly Table[] {
  if (words !== "skip") return tables;
  return tables
    .map((table) => ({ ...table, columns: table.columns.filter(({ isWords }) => !isWords) }))
    .filter(({ columns }) => columns.length > 0);
}

function keysOf({ known, matcher: { mappings }, stage }: Pass): DerivedKeys {
  const isNew = (path: string) => mappings.some(({ to }) => isWithin(path, to));
  const paths = [...known.paths].filter((path) => stage !== "prove" || !isNew(path));
  return new DerivedKeys(paths, known.agentIds, mappings);
}

/** Tells of a cell; whether it is to be rewritten. */
function judge(path: string, table: Table, cell: Cell, pass: Pass): boolean {
  const { tally, words } = pass;
  const { name, isWords } = cell.column;
  const at = `${table.name}.${name}`;
  if (cell.elsewhere > 0) tally.left(path, at, ELSEWHERE, cell.elsewhere);
  if (cell.count === 0) return false;
  if (cell.text === undefined) tally.left(path, at, BYTES, cell.count);
  else if (isWords && words !== "rewrite") tally.left(path, at, WORDS, cell.count);
  else {
    tally.rewritten(path, "database", new Map([[at, cell.count]]));
    if (!isWords) remember(pass, cell.before);
    return true;
  }
  return false;
}

function write(
  at: string,
  work: readonly Work[],
  outside: readonly OutsideIndex[],
  { sought, pass }: { sought: Sought; pass: Pass },
): Trouble[] {
  const troubles: Trouble[] = [];
  using database = new DatabaseSync(at, { enableForeignKeyConstraints: false });
  // Nothing lies beside it while it is written to but its log, and nothing of the old is left in it.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON; BEGIN IMMEDIATE");
  const orphans = () => database.prepare("PRAGMA foreign_key_check").all().length;
  const before = orphans();
  for (const { table, keys } of work) {
    const restore = withoutTriggers(database, table.name);
    const read = rowReader(database, table, sought);
    troubles.push(...writeTable(database, table, changesOf(keys, read, pass.words === "rewrite")));
    restore();
    for (const index of outside) if (index.of === table.name) rebuildIndex(database, index);
    pass.signal?.throwIfAborted();
  }
  if (orphans() > before) throw new Error("rows would lose what they refer to");
  database.exec("COMMIT");
  database.close();
  settle(at);
  return troubles;
}

function* changesOf(
  keys: readonly SQLInputValue[][],
  read: ReturnType<typeof rowReader>,
  words: boolean,
): Generator<RowChange> {
  for (const key of keys) {
    const texts = new Map<string, string>();
    for (const { column, text } of read(key).cells) {
      if (text !== undefined && (words || !column.isWords)) texts.set(column.name, text);
    }
    yield { key, texts };
  }
}

/** Without the locks of SQLite, and without anything made beside it. */
function openToRead(at: string): DatabaseSync {
  const { href } = pathToFileURL(at);
  const hasLog = existsSync(`${at}-wal`);
  return new DatabaseSync(hasLog ? at : new URL(`${href}?immutable=1`), { readOnly: true });
}

function settle(at: string): void {
  for (const end of ["-wal", "-shm", "-journal"]) {
    if (existsSync(at + end)) throw new Error(`something still lies beside it: ${end}`);
  }
  const fd = openSync(at, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
