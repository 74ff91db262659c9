import { basename } from "node:path";
import { compileGlob, matchesGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";

/** How many rows each table of a database has; null where they were not counted. */
type TableCounts = Readonly<Record<string, number | null>>;

export interface CapturedThings {
  /** By path (absolute, or relative to anything). */
  databases: ReadonlyMap<string, TableCounts>;
  /** Path and size in bytes. */
  files: Iterable<{ path: string; size: number }>;
  /** Entries in the files that `countedIn` names, by path. */
  entries?: ReadonlyMap<string, number>;
  /** Accounts of messaging channels. */
  channels?: number;
}

/** What an instance has, in numbers that can be compared before and after. */
export interface InstanceCounts {
  sessions: number;
  transcriptFiles: number;
  /** Entries of transcripts that lie in databases. */
  transcriptRows: number;
  cronJobs: number;
  memoryRows: number;
  /** Files that an agent writes its memory to: `MEMORY.md` and `memory/*.md` of workspaces. */
  memoryFiles: number;
  channels: number;
  databases: number;
  files: number;
  bytes: number;
}

/**
 * Table names: OpenClaw 2026.9's first, then earlier ones and 2026.3's memory index. A database
 * under migration may hold two that mean the same, so the first that is there counts.
 */
const TABLES = {
  sessions: ["session_nodes", "sessions"],
  transcriptRows: ["transcript_events", "messages"],
  cronJobs: ["cron_jobs"],
  memoryRows: ["memory_index_chunks", "chunks"],
} as const;

const TRANSCRIPT = globs(
  "sessions/*.jsonl",
  "sessions/cold/*.jsonl.zst",
  "sessions/archive/*.jsonl",
);
const MEMORY = globs("MEMORY.md", "memory.md", "memory/*.md");

/** Counts what was captured. A table that was not counted adds nothing. */
export function summarise(captured: CapturedThings): InstanceCounts {
  const counts: InstanceCounts = {
    sessions: rows(captured.databases, TABLES.sessions) + entries(captured, "sessions"),
    transcriptFiles: 0,
    transcriptRows: rows(captured.databases, TABLES.transcriptRows),
    cronJobs: rows(captured.databases, TABLES.cronJobs) + entries(captured, "cronJobs"),
    memoryRows: rows(captured.databases, TABLES.memoryRows),
    memoryFiles: 0,
    channels: captured.channels ?? 0,
    databases: captured.databases.size,
    files: 0,
    bytes: 0,
  };
  for (const { path, size } of captured.files) {
    counts.files += 1;
    counts.bytes += size;
    if (endsLike(path, TRANSCRIPT)) counts.transcriptFiles += 1;
    if (endsLike(path, MEMORY)) counts.memoryFiles += 1;
  }
  return counts;
}

interface Expected {
  names: readonly Glob[];
  /** By the names that releases gave them; of none of these there is a row when it is hollow. */
  tables: readonly string[];
  what: string;
}

/** Where conversations and memory are expected, by a path's end. */
const EXPECTED: readonly Expected[] = [
  {
    names: globs("openclaw-agent.sqlite"),
    tables: [...TABLES.sessions, ...TABLES.transcriptRows, ...TABLES.memoryRows],
    what: "conversations and memory",
  },
  {
    names: globs("gateway.db"),
    tables: [...TABLES.sessions, ...TABLES.transcriptRows, ...TABLES.cronJobs],
    what: "conversations and jobs",
  },
  { names: globs("memory/*.{sqlite,db}"), tables: TABLES.memoryRows, what: "memory" },
  { names: globs("state/openclaw.sqlite"), tables: [], what: "the state of the gateway" },
];

const DATABASE_NAME = /\.(?:sqlite3?|db)$/;

/**
 * A sentence when a database holds nothing where something ought to be: no byte, no table, or not
 * one row where an agent keeps its conversations or memory.
 *
 * @param path absolute, or relative to anything
 * @param tables undefined: not known
 * @param size bytes, of what is in the write-ahead log as well
 */
export function hollowness(
  path: string,
  tables: TableCounts | undefined,
  size: number,
): string | undefined {
  const expected = EXPECTED.find(({ names }) => endsWith(path, names));
  if (size === 0) {
    if (expected !== undefined) return `It is empty: ${expected.what} ought to be in it.`;
    return DATABASE_NAME.test(path) ? "It is a database by its name, and empty." : undefined;
  }
  if (tables === undefined || expected === undefined) return undefined;
  if (Object.keys(tables).length === 0) {
    return `It has no table: ${expected.what} ought to be in it.`;
  }
  const known = expected.tables.filter((name) => name in tables);
  const isHollow = known.length > 0 && known.every((name) => tables[name] === 0);
  return isHollow ? `It has no row in ${known.join(", ")}: no ${expected.what}.` : undefined;
}

/** Whether a file counts for more than a file: a transcript, or an agent's memory. */
export function isTelling(path: string): boolean {
  return endsLike(path, TRANSCRIPT) || endsLike(path, MEMORY);
}

/** What a small JSON file lists, so that it is worth reading (2026.3; later it is in databases). */
export function countedIn(path: string): "cronJobs" | "sessions" | undefined {
  if (`/${path}`.endsWith("/cron/jobs.json")) return "cronJobs";
  return path.endsWith("/sessions/sessions.json") ? "sessions" : undefined;
}

/** How many entries such a file has: `{jobs: […]}`, a list, or one key for each. 0 when broken. */
export function entriesIn(text: string): number {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return 0;
    const list = "jobs" in value ? value.jobs : value;
    return typeof list === "object" && list !== null ? Object.keys(list).length : 0;
  } catch {
    return 0;
  }
}

function entries(captured: CapturedThings, what: "cronJobs" | "sessions"): number {
  let sum = 0;
  for (const [path, count] of captured.entries ?? []) if (countedIn(path) === what) sum += count;
  return sum;
}

function rows(databases: CapturedThings["databases"], names: readonly string[]): number {
  let sum = 0;
  for (const tables of databases.values()) {
    sum += tables[names.find((name) => name in tables) ?? ""] ?? 0;
  }
  return sum;
}

function globs(...sources: string[]): Glob[] {
  return sources.map(compileGlob);
}

function endsLike(path: string, candidates: readonly Glob[]): boolean {
  return /\.(jsonl|zst|md)$/.test(basename(path)) && endsWith(path, candidates);
}

function endsWith(path: string, candidates: readonly Glob[]): boolean {
  const segments = path.split("/");
  return candidates.some((glob) =>
    matchesGlob(glob, segments.slice(-(glob.alternatives[0]?.length ?? 1))),
  );
}
