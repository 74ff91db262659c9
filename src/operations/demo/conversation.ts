import { createHash, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { Prose } from "./prose.ts";

/** The conversation that goes on while everything else happens. */
const LIVE = "agent:clawd:live";
const OLD_SESSIONS = 12;
const OLD_EVENTS = 850;
const MEMORIES = 900;
/** Bytes of an embedding: 768 numbers of four bytes. */
const EMBEDDING = 3072;
/** One old message in so many is edited by {@link revise}. */
const REVISED_SHARE = 100;

/** Table names as in OpenClaw 2026.9; the columns are what the story needs of them. */
const SCHEMA = [
  "PRAGMA auto_vacuum = 2",
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = NORMAL",
  "PRAGMA user_version = 23",
  "CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT)",
  "CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT, PRIMARY KEY (session_id, seq))",
  "CREATE TABLE trajectory_runtime_events (session_id TEXT, seq INTEGER, event_json TEXT, PRIMARY KEY (session_id, seq))",
  "CREATE TABLE auth_profile_store (id TEXT PRIMARY KEY, store_json TEXT)",
  "CREATE TABLE memory_index_chunks (chunk_rowid INTEGER PRIMARY KEY, path TEXT, text TEXT, embedding BLOB)",
  "CREATE VIRTUAL TABLE memory_index_fts USING fts5(text)",
  "INSERT INTO auth_profile_store VALUES ('made-up', '{\"key\":\"made-up-key\"}')",
];

/** Makes an agent's database, with months of conversations and a searchable memory. */
export function createConversations(path: string): void {
  const database = new DatabaseSync(path);
  const prose = new Prose(7);
  for (const statement of SCHEMA) database.exec(statement);
  database.exec("BEGIN");
  const event = database.prepare("INSERT INTO transcript_events VALUES (?, ?, ?)");
  const session = database.prepare("INSERT INTO session_nodes VALUES (?, '{}')");
  for (let number = 1; number <= OLD_SESSIONS; number++) {
    const id = `agent:clawd:${number}`;
    session.run(id);
    for (let seq = 1; seq <= OLD_EVENTS; seq++) {
      event.run(id, seq, message(seq % 2 === 1 ? "user" : "assistant", prose.text(1200)));
    }
  }
  session.run(LIVE);
  const chunk = database.prepare(
    "INSERT INTO memory_index_chunks VALUES (NULL, 'MEMORY.md', ?, ?)",
  );
  const searchable = database.prepare("INSERT INTO memory_index_fts VALUES (?)");
  for (let number = 0; number < MEMORIES; number++) {
    const text = prose.text(900);
    chunk.run(text, randomBytes(EMBEDDING));
    searchable.run(text);
  }
  database.exec("COMMIT");
  database.close();
}

/**
 * Commits one turn: question and answer in one table, the answer's digest in another, the session's
 * count in a third. Whoever finds a part of a turn without the rest has an inconsistent copy.
 */
export function commitTurn(database: DatabaseSync, turn: number, prose: Prose): void {
  const answer = message("assistant", `Turn ${turn}: ${prose.text(700)}`);
  database.exec("BEGIN IMMEDIATE");
  const event = database.prepare("INSERT INTO transcript_events VALUES (?, ?, ?)");
  event.run(LIVE, 2 * turn - 1, message("user", prose.text(200)));
  event.run(LIVE, 2 * turn, answer);
  database
    .prepare("INSERT INTO trajectory_runtime_events VALUES (?, ?, ?)")
    .run(LIVE, turn, digest(answer));
  database
    .prepare("UPDATE session_nodes SET entry_json = ? WHERE session_key = ?")
    .run(JSON.stringify({ turns: turn }), LIVE);
  database.exec("COMMIT");
}

/** Edits one old message in a hundred, all over the database. Returns how many. */
export function revise(database: DatabaseSync): number {
  const { changes } = database
    .prepare(
      'UPDATE transcript_events SET event_json = replace(event_json, \'"text":"\', \'"text":"(edited) \') WHERE session_id <> ? AND seq % ? = 50',
    )
    .run(LIVE, REVISED_SHARE);
  return Number(changes);
}

/** What a database holds, found by looking at every row. */
export interface Conversations {
  /** SQLite's own word: "ok". */
  integrity: string;
  /** Of the live conversation, those that are there with all their parts. */
  completeTurns: number;
  /** Of the live conversation, those that miss a part, or have another's. */
  brokenTurns: number;
  oldMessages: number;
  /** SHA-256 over all the old messages. */
  oldDigest: string;
}

/** Reads it all. The database is opened for reading only. */
export function inspectConversations(path: string): Conversations {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = (sql: string) => database.prepare(sql).iterate(LIVE);
    const digests = new Map<number, unknown>();
    for (const { seq, event_json } of rows(
      "SELECT seq, event_json FROM trajectory_runtime_events WHERE session_id = ?",
    )) {
      digests.set(Number(seq), event_json);
    }
    const seen = new Set<number>();
    let complete = 0;
    for (const { seq, event_json } of rows(
      "SELECT seq, event_json FROM transcript_events WHERE session_id = ? ORDER BY seq",
    )) {
      seen.add(Number(seq));
      const hasQuestion = seen.has(Number(seq) - 1);
      if (hasQuestion && digests.get(Number(seq) / 2) === digest(String(event_json))) complete++;
    }
    const node = database.prepare("SELECT entry_json FROM session_nodes WHERE session_key = ?");
    const { turns = 0 } = JSON.parse(String(node.get(LIVE)?.["entry_json"])) as { turns?: number };
    const begun = Math.max(turns, ...digests.keys(), Math.ceil(Math.max(0, ...seen) / 2));
    return {
      integrity: String(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"]),
      completeTurns: complete,
      brokenTurns: begun - complete,
      ...oldConversations(database),
    };
  } finally {
    database.close();
  }
}

/** What {@link inspectConversations} finds of the old messages. */
export function oldConversations(
  database: DatabaseSync,
): Pick<Conversations, "oldMessages" | "oldDigest"> {
  const hash = createHash("sha256");
  let oldMessages = 0;
  for (const row of database
    .prepare("SELECT * FROM transcript_events WHERE session_id <> ? ORDER BY session_id, seq")
    .iterate(LIVE)) {
    oldMessages++;
    hash.update(JSON.stringify(row));
  }
  return { oldMessages, oldDigest: hash.digest("hex") };
}

function message(role: string, text: string): string {
  return JSON.stringify({ role, text });
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
