import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { writeNewFile } from "../../fs/atomic.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import {
  hasColumns,
  inTransaction,
  openStateDatabase,
  stateDatabaseOf,
} from "./copied-database.ts";
import type { Row } from "./copied-database.ts";
import { placeInCopy } from "./copied-place.ts";
import { doneIf } from "./report.ts";
import type { Done, RevivalReport, Told } from "./report.ts";

/** Where 2026.3 keeps what waits, a file each; what it gave up lies in `failed`. */
const DIRECTORIES = ["delivery-queue", "session-delivery-queue"];

interface Queue {
  table: string;
  columns: string[];
  /** What of it is sent at the next start. */
  waiting: string;
  /** Columns that say which row it is. */
  key: string[];
}

/** OpenClaw's own restore empties the first (`sanitizeOpenClawGlobalStateSnapshot` of 2026.9). */
const QUEUES: readonly Queue[] = [
  {
    table: "delivery_queue_entries",
    columns: ["queue_name", "id", "status", "recovery_state"],
    waiting: "status = 'pending' OR (status = 'failed' AND recovery_state = 'settlement_pending')",
    key: ["queue_name", "id"],
  },
  {
    table: "gateway_restart_sentinel",
    columns: ["sentinel_key"],
    waiting: "1",
    key: ["sentinel_key"],
  },
];

/**
 * Keeps what was waiting to be sent when the snapshot was taken from being sent again: it was sent
 * long since. Nothing is lost: it is put into a file of the state directory, one JSON object a line.
 */
export async function setDeliveriesAside(copy: InstanceCopy, now: Date): Promise<RevivalReport> {
  using database = await openStateDatabase(copy);
  const rows = database === undefined ? [] : QUEUES.flatMap((queue) => waiting(database, queue));
  const done: Done[] = [];
  if (database !== undefined && rows.length > 0) {
    const name = `clawback-unsent-${now.toISOString().replace(/[:.]/g, "-")}.jsonl`;
    const path = join(copy.stateDir, name);
    const lines = rows.map(({ table, row }) => JSON.stringify({ table, row }));
    await writeNewFile(copy.at(path), `${lines.join("\n")}\n`);
    inTransaction(database, () => {
      for (const { table, waiting: condition } of QUEUES) {
        if (rows.some((row) => row.table === table)) {
          database.prepare(`DELETE FROM ${table} WHERE ${condition}`).run();
        }
      }
    });
    done.push({ what: "messages that were waiting put aside, unsent", path, count: rows.length });
  }
  for (const name of DIRECTORIES) done.push(...(await failFiles(copy, name)));
  return { done, told: database === undefined ? [] : unanswered(database, copy) };
}

/** What is waiting, for those who want it sent. */
export async function waitingDeliveries(copy: InstanceCopy): Promise<RevivalReport> {
  using database = await openStateDatabase(copy);
  const rows = database === undefined ? [] : QUEUES.flatMap((queue) => waiting(database, queue));
  const files = await Promise.all(DIRECTORIES.map((name) => waitingFiles(copy, name)));
  const count = rows.length + files.flatMap((one) => one.files).length;
  const told = {
    what: `${count} messages that were waiting are sent when the gateway starts`,
    why: "They may have been sent already, after the snapshot was taken.",
  };
  return { done: [], told: count === 0 ? [] : [told] };
}

function waiting(database: DatabaseSync, queue: Queue): { table: string; row: Row }[] {
  const { table, columns, waiting: condition, key } = queue;
  if (!hasColumns(database, table, columns)) return [];
  const order = key.join(", ");
  const query = database.prepare(`SELECT * FROM ${table} WHERE ${condition} ORDER BY ${order}`);
  return query.all().map((row) => ({ table, row }));
}

/** In OpenClaw's own terms: moved to where those lie that it has given up. */
async function failFiles(copy: InstanceCopy, name: string): Promise<Done[]> {
  const { place, files } = await waitingFiles(copy, name);
  if (files.length === 0) return [];
  await mkdir(join(place, "failed"), { recursive: true, mode: 0o700 });
  const failed = await placeInCopy(copy, join(copy.stateDir, name, "failed"));
  if (failed === undefined) return [];
  for (const file of files) await rename(join(place, file), join(failed, file));
  const what = "messages that were waiting put among the failed, unsent";
  return doneIf(files.length, what, join(copy.stateDir, name, "failed"));
}

async function waitingFiles(
  copy: InstanceCopy,
  name: string,
): Promise<{ place: string; files: string[] }> {
  const place = await placeInCopy(copy, join(copy.stateDir, name));
  if (place === undefined) return { place: "", files: [] };
  const entries = await readdir(place, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  return { place, files: files.map((entry) => entry.name) };
}

/** Messages that came in and were not answered yet: the copy answers them, perhaps once more. */
function unanswered(database: DatabaseSync, copy: InstanceCopy): Told[] {
  if (!hasColumns(database, "channel_ingress_events", ["status"])) return [];
  const query =
    "SELECT count(*) AS n FROM channel_ingress_events WHERE status IN ('pending', 'claimed')";
  const count = Number(database.prepare(query).get()?.["n"]);
  if (count === 0) return [];
  return [
    {
      what: `${count} incoming messages in ${stateDatabaseOf(copy)} had not been answered yet`,
      why: "The agent answers them when the gateway starts, even if it did so after the snapshot.",
    },
  ];
}
