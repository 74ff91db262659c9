import type { DatabaseLook } from "../capture/database.ts";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { hollowness, summarise } from "../openclaw/facts.ts";
import type { CaptureSite } from "./capture-site.ts";
import type { FoundDatabase } from "./census.ts";
import type { InspectedDatabase, PathProblem } from "./documents.ts";
import type { RootIndex } from "./root-index.ts";

/** A person waits: what is not counted by then is not counted. */
const LOOK_MS = 5000;
const ALL_LOOKS_MS = 30_000;

/** How the one problem begins that is ours and not the database's. */
const NOT_COUNTED = "its rows were not counted";

export interface LookedAt {
  found: FoundDatabase;
  look: DatabaseLook;
}

/**
 * Asks each database what it holds and how large its image would be, while its owner goes on
 * writing. One that cannot be read is an error, as in a backup; one that is gone is nothing.
 */
export async function lookAtDatabases(
  { capturer }: CaptureSite,
  databases: readonly FoundDatabase[],
  signal: AbortSignal,
): Promise<{ looks: LookedAt[]; errors: PathProblem[] }> {
  const looks: LookedAt[] = [];
  const errors: PathProblem[] = [];
  const deadline = performance.now() + ALL_LOOKS_MS;
  for (const found of databases) {
    const [{ path }, ...others] = found.names;
    const budgetMs = Math.max(0, Math.min(LOOK_MS, deadline - performance.now()));
    try {
      const otherNames = others.map((other) => other.path);
      looks.push({ found, look: await capturer.look(path, { budgetMs, otherNames }) });
    } catch (error) {
      if (signal.aborted) throw error;
      if (errno(error) === "ENOENT") continue;
      const hint = error instanceof ClawbackError && error.hint ? `; ${error.hint}` : "";
      errors.push({ path: path.toString(), message: messageOf(error) + hint });
    }
  }
  return { looks, errors };
}

/** What the document says of a database. */
export function inspectedDatabase({ found, look }: LookedAt, roots: RootIndex): InspectedDatabase {
  const path = found.names[0].path.toString();
  const tables = look.facts?.tables;
  const counted = tables !== undefined && !Object.values(tables).includes(null);
  return {
    path,
    bytes: look.size,
    rows: counted ? rowsOf(path, tables) : null,
    holds: [...(roots.classify(path, false)?.holds ?? [])],
    damaged: look.problems.some((problem) => !problem.startsWith(NOT_COUNTED)),
    empty: hollowness(path, tables, look.size) ?? null,
    problems: look.problems,
  };
}

function rowsOf(path: string, tables: Record<string, number | null>): InspectedDatabase["rows"] {
  const counts = summarise({ databases: new Map([[path, tables]]), files: [] });
  return {
    sessions: counts.sessions,
    transcriptEntries: counts.transcriptRows,
    cronJobs: counts.cronJobs,
    memories: counts.memoryRows,
  };
}
