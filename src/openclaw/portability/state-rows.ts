import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { errno } from "../../errors.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { locate } from "./locate.ts";
import { parsedTree } from "./read-json.ts";
import type { Tree } from "../config-tree.ts";

/** https://www.sqlite.org/fileformat2.html#magic_header_string */
const MAGIC = Buffer.from("SQLite format 3\0", "latin1");

/** What came of looking into a database. */
export type Looked<T> =
  | { state: "read"; value: T }
  /** `busy`: there is a log beside it, so that the file alone does not tell. */
  | { state: "missing" | "busy" | "damaged" };

/**
 * Reads a database that nobody writes to, creating and locking nothing. One with a log is left
 * alone: it is being used, or was not closed.
 */
export async function lookInto<T>(
  path: string,
  work: (database: DatabaseSync) => T,
): Promise<Looked<T>> {
  const header = await headerOf(path);
  if (header === undefined) return { state: "missing" };
  if (!header.equals(MAGIC)) return { state: "damaged" };
  for (const log of ["-wal", "-journal"]) {
    if (((await stat(path + log).catch(() => undefined))?.size ?? 0) > 0) return { state: "busy" };
  }
  try {
    const location = new URL(`${pathToFileURL(path).href}?mode=ro&immutable=1`);
    using database = new DatabaseSync(location, { readOnly: true });
    if (quickCheck(database) !== "ok") return { state: "damaged" };
    return { state: "read", value: work(database) };
  } catch {
    return { state: "damaged" };
  }
}

/** The same of the database that the whole instance shares. */
export async function lookIntoState<T>(
  copy: InstanceCopy,
  work: (database: DatabaseSync) => T,
): Promise<Looked<T>> {
  return lookInto(copy.at(await locate(copy, stateDatabaseOf(copy))), work);
}

/** As at home. */
export function stateDatabaseOf({ stateDir }: InstanceCopy): string {
  return join(stateDir, "state/openclaw.sqlite");
}

async function headerOf(path: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, "r");
    const header = Buffer.alloc(MAGIC.length);
    await file.read(header, 0, MAGIC.length, 0);
    return header;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errno(error) ?? "") ? undefined : Buffer.alloc(0);
  }
}

function quickCheck(database: DatabaseSync): unknown {
  return database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
}

export function hasTable(database: DatabaseSync, table: string): boolean {
  const found = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  return found.get(table) !== undefined;
}

/**
 * What a plugin keeps in a namespace of its own: `plugin_state_entries` of OpenClaw 2026.9, in the
 * shared database and in databases of the plugin's own.
 */
export function pluginState(
  database: DatabaseSync,
  plugin: string,
  namespace: string,
): Map<string, Tree> {
  if (!hasTable(database, "plugin_state_entries")) return new Map();
  const rows = database
    .prepare(
      "SELECT entry_key, value_json FROM plugin_state_entries WHERE plugin_id = ? AND namespace = ?",
    )
    .all(plugin, namespace);
  const entries = rows.map(({ entry_key: key, value_json: json }) => {
    return [String(key), parsedTree(String(json)) ?? {}] as const;
  });
  return new Map(entries);
}
