import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { Source } from "./prose.ts";

const PAGE_BYTES = 4096;
const EVENTS_PER_SESSION = 200;
const MEAN_TEXT = 700;
/** Every how manieth event is searchable. */
const INDEXED = 8;
const EPOCH_MS = Date.UTC(2026, 0, 1);

const SCHEMA = `
  CREATE TABLE schema_meta (meta_key TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL,
    schema_version INTEGER NOT NULL, agent_id TEXT, app_version TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
  CREATE TABLE sessions (session_key TEXT PRIMARY KEY, session_id TEXT NOT NULL,
    entry_json TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT;
  CREATE TABLE transcript_events (session_id TEXT NOT NULL, seq INTEGER NOT NULL,
    event_json TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (session_id, seq)) STRICT;
  CREATE INDEX transcript_events_by_time ON transcript_events (created_at);
  CREATE VIRTUAL TABLE transcript_fts USING fts5(text, session_id UNINDEXED);
`;

/** What OpenClaw's own backup wants to read in a database before it takes it. */
export interface SchemaMark {
  role: "global" | "agent";
  version: number;
  agent: string | null;
}

/** Makes a database of about `bytes`, shaped like OpenClaw's, closed cleanly, WAL by its header. */
export function makeDatabase(path: string, bytes: number, mark: SchemaMark, source: Source): void {
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA user_version = ${mark.version}; ${SCHEMA}`);
  database
    .prepare("INSERT INTO schema_meta VALUES ('primary', ?, ?, ?, '2026.9.6', ?, ?)")
    .run(mark.role, mark.version, mark.agent, EPOCH_MS, EPOCH_MS);
  const pages = database.prepare("SELECT page_count AS n FROM pragma_page_count");
  const writer = new ConversationWriter(database, source);
  let time = EPOCH_MS;
  while (Number(pages.get()?.["n"]) * PAGE_BYTES < bytes) {
    database.exec("BEGIN");
    time = writer.addSession(time, EVENTS_PER_SESSION);
    database.exec("COMMIT");
  }
  database.exec("PRAGMA journal_mode = WAL");
}

/** Adds sessions and their messages to a database that has the schema. */
export class ConversationWriter {
  readonly #source: Source;
  readonly #session: StatementSync;
  readonly #event: StatementSync;
  readonly #searchable: StatementSync;

  constructor(database: DatabaseSync, source: Source) {
    this.#source = source;
    this.#session = database.prepare("INSERT INTO sessions VALUES (?, ?, ?, ?)");
    this.#event = database.prepare("INSERT INTO transcript_events VALUES (?, ?, ?, ?)");
    this.#searchable = database.prepare("INSERT INTO transcript_fts VALUES (?, ?)");
  }

  /** One session that begins at `start` (ms); returns the time of its last message. */
  addSession(start: number, events: number): number {
    const id = this.#source.id();
    let time = start;
    for (let seq = 0; seq < events; seq += 1) {
      time += this.#source.below(60_000);
      const text = messageText(this.#source);
      this.#event.run(id, seq, eventJson(this.#source, text, time), time);
      if (seq % INDEXED === 0) this.#searchable.run(text, id);
    }
    const entry = JSON.stringify({ id, title: this.#source.text(60), model: "fake-1" });
    this.#session.run(`agent:main:${id}`, id, entry, time);
    return time;
  }
}

/** What somebody said: mostly short, sometimes long. */
export function messageText(source: Source): string {
  return source.text(source.length(MEAN_TEXT));
}

/** A message as OpenClaw stores it: ids that do not compress around a text that does. */
export function eventJson(source: Source, text: string, time: number): string {
  return JSON.stringify({
    type: "message",
    id: source.id(),
    parentId: source.id(),
    timestamp: new Date(time).toISOString(),
    message: { role: time % 2 === 0 ? "user" : "assistant", content: [{ type: "text", text }] },
    signature: source.bytes(24).toString("base64"),
  });
}
