import { fstatSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../errors.ts";
import { readHeader } from "./header.ts";
import { quoted, withImage } from "./open-image.ts";
import type { RawPath } from "./path.ts";
import { withFile } from "./source.ts";

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
 * Reads the facts from an image.
 *
 * @param budgetMs no further table is begun after this time
 */
export function readFacts(path: RawPath, budgetMs: number): FactsReport {
  const odd = withFile(path, lengthProblems);
  const { facts, problems } = readable(() =>
    withImage(path, (database) => factsOf(database, budgetMs)),
  );
  return { facts, problems: [...odd, ...problems] };
}

/** Turns a failure to read into a report of it. */
export function readable(read: () => FactsReport): FactsReport {
  try {
    return read();
  } catch (error) {
    return { facts: undefined, problems: [`SQLite cannot read it: ${messageOf(error)}`] };
  }
}

/** The same from an open database, whose content rests meanwhile. */
export function factsOf(database: DatabaseSync, budgetMs: number): FactsReport {
  const deadline = performance.now() + budgetMs;
  const problems: string[] = [];
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  const facts = {
    userVersion: Number(pragma("user_version")),
    applicationId: Number(pragma("application_id")),
    encoding: String(pragma("encoding")),
    autoVacuum: Number(pragma("auto_vacuum")),
    tables: countTables(database, deadline, problems),
  };
  return { facts, problems };
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
    try {
      if (type === "virtual") {
        database.prepare(`SELECT 1 FROM ${quoted(name)}`);
      } else if (performance.now() > deadline) {
        counts.push([name, null]);
      } else {
        const row = database.prepare(`SELECT count(*) AS n FROM ${quoted(name)}`).get();
        counts.push([name, Number(row?.["n"])]);
      }
    } catch (error) {
      problems.push(`table ${quoted(name)}: ${messageOf(error)}`);
      if (type !== "virtual") counts.push([name, null]);
    }
  }
  return Object.fromEntries(counts);
}

/** What a database's length says of it, as long as no log adds to it. */
export function lengthProblems(fd: number): string[] {
  const { pages, pageSize } = readHeader(fd);
  const { size } = fstatSync(fd);
  if (size === 0) return ["it is empty: 0 bytes"];
  return pages !== undefined && pages * pageSize > size
    ? [`it is cut short: ${pages * pageSize} bytes by its header, ${size} on disk`]
    : [];
}
