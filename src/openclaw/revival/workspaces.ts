import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { normalize } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { InstanceCopy } from "../instance-copy.ts";
import {
  hasColumns,
  inTransaction,
  openStateDatabase,
  stateDatabaseOf,
} from "./copied-database.ts";
import { doneIf } from "./report.ts";
import type { RevivalReport, Told } from "./report.ts";

/** How long OpenClaw holds a workspace to what it saw there (its `WORKSPACE_ATTESTATION_RECENT_MS`). */
const RECENT_MS = 24 * 60 * 60 * 1000;

const COLUMNS = ["workspace_key", "workspace_path", "updated_at", "attested_at_ms"];

/**
 * OpenClaw notes when it last saw a workspace whole, and for a day it refuses every message
 * (`WorkspaceVanishedError`) when what lies there does not look like it. After a restore that is
 * how things are. The notes are made old: OpenClaw then keeps what still bears them out, and
 * otherwise sets the workspace up again instead of refusing. Rows whose path was rewritten also get
 * the key that belongs to it, a hash of the path.
 */
export async function ageWorkspaceNotes(copy: InstanceCopy, now: Date): Promise<RevivalReport> {
  using database = await openStateDatabase(copy);
  const table = "workspace_setup_state";
  if (database === undefined || !hasColumns(database, table, COLUMNS))
    return { done: [], told: [] };
  const [rekeyed, aged] = inTransaction(database, () => [
    rekey(database),
    age(database, now.getTime() - RECENT_MS - 1),
  ]);
  const path = stateDatabaseOf(copy);
  return {
    done: [
      ...doneIf(rekeyed, "workspaces known by their new place", path),
      ...doneIf(aged, "workspaces that OpenClaw looks at anew", path),
    ],
    told: await lostWorkspaces(copy, database),
  };
}

function age(database: DatabaseSync, latest: number): number {
  const update = database.prepare(`
    UPDATE workspace_setup_state
    SET attested_at_ms = min(attested_at_ms, :latest), updated_at = min(updated_at, :latest)
    WHERE attested_at_ms > :latest OR updated_at > :latest`);
  return Number(update.run({ latest }).changes);
}

/** How OpenClaw 2026.9 makes a key: `createWorkspaceStateIdentity` of its package. */
function keyOf(path: string): string {
  return createHash("sha256").update(normalize(path).normalize("NFC")).digest("hex");
}

function rekey(database: DatabaseSync): number {
  const rows = database
    .prepare("SELECT workspace_key AS key, workspace_path AS path FROM workspace_setup_state")
    .all() as { key: string; path: string | null }[];
  const wrong = rows.flatMap(({ key, path }) =>
    path === null || keyOf(path) === key ? [] : [{ key, newKey: keyOf(path) }],
  );
  database.exec("PRAGMA defer_foreign_keys = ON");
  for (const { key, newKey } of wrong) {
    for (const table of ["workspace_setup_state", "workspace_generated_bootstrap_hashes"]) {
      if (!hasColumns(database, table, ["workspace_key"])) continue;
      database
        .prepare(`UPDATE OR REPLACE ${table} SET workspace_key = ? WHERE workspace_key = ?`)
        .run(newKey, key);
    }
  }
  return wrong.length + rekeyAliases(database);
}

/** Names of workspaces; one that no longer leads to its workspace is an error to OpenClaw. */
function rekeyAliases(database: DatabaseSync): number {
  const columns = ["alias_key", "alias_path", "workspace_key", "workspace_path"];
  if (!hasColumns(database, "workspace_path_aliases", columns)) return 0;
  const rows = database
    .prepare(`SELECT ${columns.join(", ")} FROM workspace_path_aliases`)
    .all() as Record<string, string>[];
  const update = database.prepare(`
    UPDATE OR REPLACE workspace_path_aliases SET alias_key = ?, workspace_key = ?
    WHERE alias_key = ?`);
  let count = 0;
  for (const { alias_key = "", alias_path = "", workspace_key, workspace_path = "" } of rows) {
    const keys = [keyOf(alias_path), keyOf(workspace_path)] as const;
    if (keys[0] === alias_key && keys[1] === workspace_key) continue;
    update.run(...keys, alias_key);
    count += 1;
  }
  return count;
}

async function lostWorkspaces(copy: InstanceCopy, database: DatabaseSync): Promise<Told[]> {
  const rows = database
    .prepare("SELECT workspace_path AS path FROM workspace_setup_state WHERE workspace_path <> ''")
    .all() as { path: string }[];
  const told: Told[] = [];
  for (const { path } of rows) {
    const places = [copy.at(path), path];
    const found = await Promise.all(places.map((place) => lstat(place).catch(() => undefined)));
    if (found.some((info) => info !== undefined)) continue;
    told.push({
      what: `The workspace ${path} is not there`,
      why: "OpenClaw makes an empty one and asks to be introduced, unless it is put back.",
    });
  }
  return told;
}
