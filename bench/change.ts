import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConversationWriter, eventJson, messageText } from "./databases.ts";
import { Source } from "./prose.ts";

/** Which rows: the newest (as a day of talk leaves it), or every hundredth (the worst case). */
export type ChangeKind = "recent" | "scattered";

const SHARE = 100;

/**
 * Changes 1 % of the messages in every database of a sample and closes them cleanly. `recent`:
 * half a percent is rewritten at the end, as much again is added. `scattered`: every hundredth
 * message gets another text.
 */
export function changeDatabases(stateDir: string, kind: ChangeKind): void {
  const source = new Source(`change ${kind}`);
  for (const name of readdirSync(stateDir, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (name.endsWith(".sqlite")) changeOne(join(stateDir, name), kind, source);
  }
}

function changeOne(path: string, kind: ChangeKind, source: Source): void {
  using database = new DatabaseSync(path);
  const total = Number(
    database.prepare("SELECT count(*) AS n FROM transcript_events").get()?.["n"],
  );
  const rows =
    kind === "recent"
      ? database
          .prepare("SELECT rowid, created_at FROM transcript_events ORDER BY rowid DESC LIMIT ?")
          .all(Math.floor(total / SHARE / 2))
      : database
          .prepare("SELECT rowid, created_at FROM transcript_events WHERE rowid % ? = 7")
          .all(SHARE);
  const update = database.prepare("UPDATE transcript_events SET event_json = ? WHERE rowid = ?");
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  for (const row of rows) {
    const json = eventJson(source, messageText(source), Number(row["created_at"]));
    update.run(json, Number(row["rowid"]));
  }
  if (kind === "recent") {
    const now = Number(rows[0]?.["created_at"] ?? 0);
    new ConversationWriter(database, source).addSession(now, Math.floor(total / SHARE / 2));
  }
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}
