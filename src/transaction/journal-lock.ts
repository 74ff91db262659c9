import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * One process at a time works on the transactions of a journal directory. The lock is the system's,
 * on an empty database: it ends with the process, however that ends.
 * @returns undefined when another one has it
 */
export function takeJournalLock(journalDir: string): Disposable | undefined {
  const database = new DatabaseSync(join(journalDir, "lock"));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

/** SQLITE_BUSY of https://sqlite.org/rescode.html, whatever its extension. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" && (errcode & 0xff) === 5;
}
