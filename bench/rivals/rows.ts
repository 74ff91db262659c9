import { cpSync, existsSync, lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Part, Verdict } from "./verdict.ts";

/** What to ask a database for: each row is a key and a value that never changes again. */
export interface Question {
  database: string;
  /** Yields columns `key` and `value`. */
  query: string;
  /** Yields one column that is true while no transaction is torn. */
  invariant?: string;
}

const LOGS = ["", "-wal", "-journal"];

/**
 * Rows that are committed now and must be in the copies, which must be sound. A copy is opened
 * together with the logs that were copied beside it, as OpenClaw would.
 */
export function rowsPart(name: string, questions: Question[]): Part {
  const wanted = questions.map((question) => ({ question, rows: askLive(question) }));
  return {
    name,
    judge(root) {
      const verdicts = wanted.map(({ question, rows }) => judgeOne(root, question, rows));
      return verdicts.find(({ whole }) => !whole) ?? { whole: true, found: "all rows" };
    },
  };
}

type RowMap = Map<string, string>;

function judgeOne(root: string, question: Question, wanted: RowMap): Verdict {
  const copy = join(root, question.database);
  if (!existsSync(copy) || !lstatSync(copy).isFile()) return { whole: false, found: "no database" };
  const scratch = mkdtempSync(join(tmpdir(), "clawback-rivals-"));
  try {
    for (const end of LOGS.filter((log) => existsSync(copy + log))) {
      cpSync(copy + end, join(scratch, basename(copy) + end));
    }
    using database = new DatabaseSync(join(scratch, basename(copy)));
    const unsound = findings(database, question);
    if (unsound !== undefined) return { whole: false, found: `damaged: ${unsound}` };
    const rows = ask(database, question.query);
    const kept = [...wanted].filter(([key, value]) => rows.get(key) === value).length;
    if (kept === wanted.size) return { whole: true, found: "all rows" };
    return { whole: false, found: `${kept} of ${wanted.size} rows` };
  } catch (error) {
    return { whole: false, found: `damaged: ${error instanceof Error ? error.message : "?"}` };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Why a database is not sound; undefined when it is. */
function findings(database: DatabaseSync, { invariant }: Question): string | undefined {
  const [first] = database.prepare("PRAGMA integrity_check(1)").all();
  const said = String(first?.["integrity_check"]);
  if (said !== "ok") return said.split("\n").at(-1);
  if (invariant === undefined) return undefined;
  const [holds] = Object.values(database.prepare(invariant).get() ?? {});
  return holds === 1 ? undefined : "half of a transaction";
}

function askLive({ database: path, query }: Question): RowMap {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = ask(database, query);
  if (rows.size === 0) throw new Error(`${path}: no rows to look for`);
  return rows;
}

function ask(database: DatabaseSync, query: string): RowMap {
  const rows = database.prepare(query).all();
  return new Map(rows.map(({ key, value }) => [String(key), String(value)]));
}
