import { closeSync, fstatSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../errors.ts";
import { readHeader } from "./header.ts";
import { sqliteUri } from "./path.ts";
import type { RawPath } from "./path.ts";

/** What a database says of itself; later proofs compare a restored one against it. */
export interface DatabaseFacts {
  userVersion: number;
  applicationId: number;
  /** `UTF-8`, `UTF-16le` or `UTF-16be`. */
  encoding: string;
  /** 0 none, 1 full, 2 incremental. */
  autoVacuum: number;
  /** Rows of every table that SQLite keeps itself (virtual ones left out); null where they were not counted. */
  tables: Record<string, number | null>;
}

export interface FactsReport {
  /** Undefined when SQLite cannot open it. */
  facts: DatabaseFacts | undefined;
  /** What is odd about it, in sentences. */
  problems: string[];
}

/**
 * Reads the facts from an image that nobody writes to and that has no log beside it: `immutable`
 * takes no lock, creates nothing, and would miss a log.
 *
 * @param budgetMs no further table is begun after this time
 */
export function readFacts(path: RawPath, budgetMs: number): FactsReport {
  const deadline = performance.now() + budgetMs;
  const problems = lengthProblems(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(sqliteUri(path, "mode=ro&immutable=1"), { readOnly: true });
    const pragma = (name: string) =>
      Object.values(database?.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    const facts = {
      userVersion: Number(pragma("user_version")),
      applicationId: Number(pragma("application_id")),
      encoding: String(pragma("encoding")),
      autoVacuum: Number(pragma("auto_vacuum")),
      tables: countTables(database, deadline, problems),
    };
    return { facts, problems };
  } catch (error) {
    problems.push(`SQLite cannot read it: ${messageOf(error)}`);
    return { facts: undefined, problems };
  } finally {
    database?.close();
  }
}

function countTables(
  database: DatabaseSync,
  deadline: number,
  problems: string[],
): Record<string, number | null> {
  const listed = database
    .prepare("SELECT name, type FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
    .all()
    .map((row) => ({ name: String(row["name"]), type: String(row["type"]) }))
    .filter(({ name, type }) => type !== "view" && name !== "sqlite_schema");
  if (!listed.some(({ type, name }) => type === "table" && !name.startsWith("sqlite_"))) {
    problems.push("it has no tables");
  }
  const counts: Array<[string, number | null]> = [];
  for (const { name, type } of listed) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    try {
      if (type === "virtual") {
        database.prepare(`SELECT 1 FROM ${quoted}`);
      } else if (performance.now() > deadline) {
        counts.push([name, null]);
      } else {
        counts.push([
          name,
          Number(database.prepare(`SELECT count(*) AS n FROM ${quoted}`).get()?.["n"]),
        ]);
      }
    } catch (error) {
      problems.push(`table ${quoted}: ${messageOf(error)}`);
      if (type !== "virtual") counts.push([name, null]);
    }
  }
  return Object.fromEntries(counts);
}

function lengthProblems(path: RawPath): string[] {
  const fd = openSync(path, "r");
  try {
    const { pages, pageSize } = readHeader(fd);
    const { size } = fstatSync(fd);
    return pages !== undefined && pages * pageSize > size
      ? [`it is cut short: ${pages * pageSize} bytes by its header, ${size} on disk`]
      : [];
  } finally {
    closeSync(fd);
  }
}
