import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { InstanceCopy } from "../instance-copy.ts";
import { placeInCopy } from "./copied-place.ts";

/** https://www.sqlite.org/fileformat2.html#magic_header_string */
const MAGIC = Buffer.from("SQLite format 3\0", "latin1");
/** https://www.sqlite.org/rescode.html */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** Bytes of a database's header. */
const HEADER_BYTES = 100;

export type Row = Record<string, unknown>;

/** The database that the whole instance shares, as at home. */
export function stateDatabaseOf({ stateDir }: InstanceCopy): string {
  return join(stateDir, "state/openclaw.sqlite");
}

/** The header of a SQLite database; undefined: it is none. Links are not followed. */
export async function databaseHeader(path: string): Promise<Buffer | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    return bytesRead === HEADER_BYTES && header.subarray(0, MAGIC.length).equals(MAGIC)
      ? header
      : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

/**
 * Opens the state database of a copy to change it; when it is closed, no log is left beside it.
 * @returns undefined: the copy has none, or a log beside it that does not go with it, which opening
 *   it would take in
 */
export async function openStateDatabase(copy: InstanceCopy): Promise<DatabaseSync | undefined> {
  const path = await placeInCopy(copy, stateDatabaseOf(copy));
  const isDatabase = path !== undefined && (await databaseHeader(path)) !== undefined;
  return isDatabase && !(await hasLog(path)) ? new DatabaseSync(path) : undefined;
}

/**
 * Opens the state database of a copy to look at it; nothing is made beside it, and what is still in
 * a log is not seen.
 * @returns undefined: the copy has none
 */
export async function readStateDatabase(copy: InstanceCopy): Promise<DatabaseSync | undefined> {
  const path = await placeInCopy(copy, stateDatabaseOf(copy));
  if (path === undefined || (await databaseHeader(path)) === undefined) return undefined;
  return new DatabaseSync(new URL(`${pathToFileURL(path).href}?immutable=1`), { readOnly: true });
}

async function hasLog(path: string): Promise<boolean> {
  const logs = await Promise.all(
    ["-wal", "-journal"].map((suffix) => lstat(path + suffix).catch(() => undefined)),
  );
  return logs.some((log) => log !== undefined && log.size > 0);
}

/** Whether SQLite gave up on a database that is damaged. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code);
}

/** Does all of the work or none of it. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // Some failures have ended it already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Whether a table with these columns is there: releases differ. */
export function hasColumns(
  database: DatabaseSync,
  table: string,
  columns: readonly string[],
): boolean {
  const rows = database.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  const names = new Set(rows.map(({ name }) => name));
  return names.size > 0 && columns.every((column) => names.has(column));
}

/** Deletes all rows of the tables that are there; returns how many. */
export function emptyTables(database: DatabaseSync, tables: readonly string[]): number {
  let count = 0;
  for (const table of tables.filter((name) => hasColumns(database, name, []))) {
    count += Number(database.prepare(`DELETE FROM "${table}"`).run().changes);
  }
  return count;
}
