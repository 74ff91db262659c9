import { DatabaseSync } from "node:sqlite";
import { sqliteUri } from "./path.ts";
import type { RawPath } from "./path.ts";

/**
 * Opens an image that nobody writes to and that has no log beside it, to read for as long as `work`
 * takes: `immutable` takes no lock, creates nothing, and would miss a log.
 */
export function withImage<T>(path: RawPath, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(sqliteUri(path, "mode=ro&immutable=1"), { readOnly: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** A name as SQL takes it, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
