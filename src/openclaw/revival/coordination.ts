import type { InstanceCopy } from "../instance-copy.ts";
import {
  emptyTables,
  inTransaction,
  openStateDatabase,
  stateDatabaseOf,
} from "./copied-database.ts";
import { doneIf } from "./report.ts";
import type { RevivalReport } from "./report.ts";

/**
 * What processes that are gone agreed upon among themselves. The first two are what OpenClaw takes
 * out of its own snapshots (`sanitizeOpenClawStateLeaseRows` of 2026.9).
 */
const TABLES = [
  "state_leases",
  "agent_database_leases",
  "gateway_restart_intent",
  "gateway_restart_handoff",
  "native_hook_relay_bridges",
];

/** Ends the leases of the processes that had the original, and what they had begun to hand over. */
export async function endLeases(copy: InstanceCopy): Promise<RevivalReport> {
  using database = await openStateDatabase(copy);
  if (database === undefined) return { done: [], told: [] };
  const count = inTransaction(database, () => emptyTables(database, TABLES));
  return {
    done: doneIf(count, "leases of the old processes ended", stateDatabaseOf(copy)),
    told: [],
  };
}
