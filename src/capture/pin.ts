import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqliteUri } from "./path.ts";
import type { RawPath } from "./path.ts";

/**
 * A connection to a live database that can hold a read transaction, and changes nothing on disk.
 *
 * With a log, a pinned reader keeps every checkpoint from copying frames beyond its mark into the
 * main file, and keeps the log from being started anew. `readonly_shm` makes SQLite take an
 * existing mark instead of writing one into `-shm`; when nobody is alive to vouch for the `-shm`,
 * it builds an index in memory and shuts all checkpoints out. Without a log, the SHARED lock keeps
 * everyone from writing to the main file.
 *
 * Three rules come with it:
 * - With a WAL-mode database only make one while `-wal` and `-shm` are there: SQLite would create a
 *   `-wal` that is missing. (Should the last other user close cleanly in the microseconds between
 *   that look and this open, an empty `-wal` is left: to SQLite the same as none.)
 * - POSIX locks belong to the process: closing *any* descriptor of the main file drops them.
 *   Whoever reads it closes it only after this connection.
 * - `BEGIN` alone pins nothing; reading a value from the first page does.
 */
export class Pin implements Disposable {
  readonly database: DatabaseSync;
  readonly #owner: number;
  /** When it began to hold, by `performance.now()`. */
  #since: number | undefined;

  /**
   * Opens everything that a transaction needs, so that {@link take} is quick; pins nothing yet.
   *
   * @throws node:sqlite's error, `errcode` saying why a pin cannot be had
   */
  constructor(path: RawPath) {
    this.#owner = statSync(path).uid;
    this.database = asOwner(this.#owner, () => connect(path));
  }

  /** Begins to hold. Throws as the constructor does. */
  take(): void {
    this.#since = performance.now();
    asOwner(this.#owner, () => {
      this.database.exec("BEGIN");
      this.database.prepare(FIRST_PAGE).get();
    });
  }

  /** For how long it has been held, in ms. */
  get heldMs(): number {
    return this.#since === undefined ? 0 : performance.now() - this.#since;
  }

  /** Gives back what it holds. */
  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** Reads a value from the first page. */
const FIRST_PAGE = "PRAGMA schema_version";

/** Holds a {@link Pin} while `work` runs. */
export function withPin<T>(path: RawPath, work: () => T): T {
  using pin = new Pin(path);
  pin.take();
  return work();
}

function connect(path: RawPath): DatabaseSync {
  const database = new DatabaseSync(sqliteUri(path, "mode=ro&readonly_shm=1"), { readOnly: true });
  try {
    // Log and index are opened by the first read.
    database.prepare(FIRST_PAGE).get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Does what opens files as the database's owner when this is root: as root, SQLite hands every
 * `-wal`, `-shm` and `-journal` it opens to that owner (fchown), which touches their ctime if
 * nothing else. Root's own databases cannot be spared that; content and mtime stay as they are.
 */
function asOwner<T>(owner: number, work: () => T): T {
  if (process.geteuid?.() !== 0 || owner === 0) return work();
  try {
    process.seteuid?.(owner);
    return work();
  } catch (error) {
    if (primaryCode(error) !== SQLITE_CANTOPEN) throw error;
  } finally {
    process.seteuid?.(0);
  }
  // Its owner may not reach it: a container's volume seen from the host, say.
  return work();
}

// Result codes, https://sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_PROTOCOL = 15;
const SQLITE_NOTADB = 26;
const SQLITE_READONLY_RECOVERY = 264;
const SQLITE_READONLY_ROLLBACK = 776;
const SQLITE_READONLY_CANTINIT = 1288;

/** SQLite's extended result code, when the error is one of SQLite's. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : undefined;
}

/** True for any error of SQLite's, false for one of the file system's. */
export function isSqliteError(error: unknown): boolean {
  return sqliteCode(error) !== undefined;
}

/** True when another moment may well succeed: a lock that is held, or a log being set up. */
export function isPassing(error: unknown): boolean {
  return (
    [SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_PROTOCOL].includes(primaryCode(error)) ||
    [SQLITE_READONLY_RECOVERY, SQLITE_READONLY_CANTINIT].includes(sqliteCode(error) ?? 0)
  );
}

/** True when SQLite could read the file, and what stands in it is wrong. */
export function isDamage(error: unknown): boolean {
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error));
}

/** True when there is a hot journal, which a read-only connection may not roll back. */
export function needsRollback(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_READONLY_ROLLBACK;
}

function primaryCode(error: unknown): number {
  return (sqliteCode(error) ?? 0) & 0xff;
}
