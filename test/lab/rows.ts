import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** What an instance knows, as key to content; the tables are those of OpenClaw 2026.9. */
export interface Rows {
  /** `<session id>/<sequence number>` to the event. A transcript only grows. */
  events: Map<string, string>;
  /** Session key to session id. */
  sessions: Map<string, string>;
  /** Job id to the job; what it has done so far (`state_json`) is left out. */
  cronJobs: Map<string, string>;
}

const QUERIES = {
  events: `SELECT session_id || '/' || seq AS key, coalesce(event_json, hex(event_zstd)) AS value
    FROM transcript_events`,
  sessions: "SELECT session_key AS key, current_session_id AS value FROM session_nodes",
  cronJobs: "SELECT job_id AS key, job_json AS value FROM cron_jobs",
};

export function stateDatabase(stateDir: string): string {
  return join(stateDir, "state/openclaw.sqlite");
}

export function agentDatabase(stateDir: string, agent = "clawd"): string {
  return join(stateDir, "agents", agent, "agent/openclaw-agent.sqlite");
}

/** The rows that are committed now. Reads through the write-ahead log, next to a live gateway. */
export function readRows(stateDir: string): Rows {
  return collect(stateDir, (path) => new DatabaseSync(path, { readOnly: true }));
}

/** The rows of databases that must stand alone, without a log; leaves nothing beside them. */
export function readRestoredRows(stateDir: string): Rows {
  return collect(stateDir, openRestored);
}

/** SQLite's own findings on a restored database: empty when it is sound. */
export function findings(path: string): string[] {
  using database = openRestored(path);
  const integrity = database.prepare("PRAGMA integrity_check").all();
  const references = database.prepare("PRAGMA foreign_key_check").all();
  return [
    ...integrity.map((row) => String(row["integrity_check"])),
    ...references.map(String),
  ].filter((line) => line !== "ok");
}

/** The databases of a state directory that hold something: by name, locks left out. */
export async function databases(stateDir: string): Promise<string[]> {
  const names = await readdir(stateDir, { recursive: true });
  return names
    .filter((name) => name.endsWith(".sqlite") && !/(lock|writer)\.sqlite$/.test(name))
    .map((name) => join(stateDir, name));
}

function openRestored(path: string): DatabaseSync {
  const sidecar = ["-wal", "-shm"].map((end) => path + end).find(existsSync);
  if (sidecar !== undefined) throw new Error(`${sidecar} beside a restored database`);
  return new DatabaseSync(new URL(`${pathToFileURL(path).href}?immutable=1`), { readOnly: true });
}

function collect(stateDir: string, open: (path: string) => DatabaseSync): Rows {
  using state = open(stateDatabase(stateDir));
  using agent = open(agentDatabase(stateDir));
  return {
    events: select(agent, QUERIES.events),
    sessions: select(agent, QUERIES.sessions),
    cronJobs: select(state, QUERIES.cronJobs),
  };
}

function select(database: DatabaseSync, query: string): Map<string, string> {
  const rows = database.prepare(query).all();
  return new Map(rows.map(({ key, value }) => [String(key), String(value)]));
}
