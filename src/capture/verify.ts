import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../errors.ts";
import { quoted, withImage } from "./open-image.ts";
import type { RawPath } from "./path.ts";
import { isDamage } from "./pin.ts";

/** Whether a database is sound, as far as SQLite can tell. */
export interface Verification {
  /** False when it was not looked at, or not to the end; `why` says why. */
  checked: boolean;
  /** True when it was checked and nothing is damaged. */
  ok: boolean;
  /**
   * What was found, in sentences. Rows whose parent is missing are named here too, yet are no
   * damage: SQLite keeps foreign keys only for programs that ask it to.
   */
  findings: string[];
  why?: string;
}

/** As many as are looked for before it ends. */
const MOST_FINDINGS = 20;

/** What a database that was not looked at gets. */
export function unchecked(why: string): Verification {
  return { checked: false, ok: false, findings: [], why };
}

/**
 * Checks an image that nobody writes to: its structure and constraints, and its foreign keys.
 *
 * @param how `quick_check` does not look whether each index has what its table has;
 *   `integrity_check` does, and takes several times as long
 */
export function verify(
  path: RawPath,
  how: "quick_check" | "integrity_check" = "quick_check",
): Verification {
  try {
    return withImage(path, (database) => {
      const damage = checked(database, how);
      const ok = damage.length === 0;
      return { checked: true, ok, findings: ok ? orphans(database) : damage };
    });
  } catch (error) {
    return isDamage(error)
      ? { checked: true, ok: false, findings: [messageOf(error)] }
      : // Such as a collation that only its own program knows.
        unchecked(`SQLite cannot check it here: ${messageOf(error)}`);
  }
}

function checked(database: DatabaseSync, how: "quick_check" | "integrity_check"): string[] {
  return database
    .prepare(`PRAGMA ${how}(${MOST_FINDINGS})`)
    .all()
    .map((row) => String(row[how]))
    .filter((finding) => finding !== "ok");
}

/** Sentences about rows that refer to a row that is not there. */
function orphans(database: DatabaseSync): string[] {
  const children = database
    .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    .all();
  return children.flatMap(({ name }) => orphansOf(database, String(name))).slice(0, MOST_FINDINGS);
}

function orphansOf(database: DatabaseSync, child: string): string[] {
  const rows = new Map<string, number>();
  try {
    const check = database.prepare(`PRAGMA foreign_key_check(${quoted(child)})`);
    for (const { parent } of check.iterate()) {
      rows.set(String(parent), (rows.get(String(parent)) ?? 0) + 1);
    }
  } catch (error) {
    if (isDamage(error)) throw error;
    return [`the foreign keys of table ${quoted(child)} cannot be checked: ${messageOf(error)}`];
  }
  return [...rows].map(
    ([parent, count]) =>
      `rows of table ${quoted(child)} that refer to rows which ${quoted(parent)} does not have: ${count}`,
  );
}
