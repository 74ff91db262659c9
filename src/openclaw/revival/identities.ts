import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { InstanceCopy } from "../instance-copy.ts";
import {
  emptyTables,
  hasColumns,
  inTransaction,
  openStateDatabase,
  stateDatabaseOf,
} from "./copied-database.ts";
import { placeInCopy } from "./copied-place.ts";
import type { Done, RevivalReport } from "./report.ts";

/** The key of this device, and the tokens that were given to it. 2026.9 makes the key anew. */
const TABLES = ["device_identities", "device_auth_tokens", "gateway_origin_device_tokens"];

/** The same in 2026.3. */
const FILES = ["identity/device.json", "identity/device-auth.json"];

/**
 * Takes away what makes the copy the same device as the original; OpenClaw makes a new one when it
 * starts. The devices that were paired with the original stay paired.
 */
export async function forgetIdentity(copy: InstanceCopy): Promise<RevivalReport> {
  const done: Done[] = [];
  using database = await openStateDatabase(copy);
  if (database !== undefined) {
    const count = inTransaction(database, () => {
      forgetOwnPairing(database);
      return emptyTables(database, TABLES);
    });
    if (count > 0) done.push(removed(count, stateDatabaseOf(copy)));
  }
  for (const name of FILES) {
    const path = join(copy.stateDir, name);
    const place = await placeInCopy(copy, path);
    if (place === undefined) continue;
    await rm(place);
    done.push(removed(1, path));
  }
  return { done, told: [] };
}

/** A gateway pairs its own command line with itself: that was the old device. */
function forgetOwnPairing(database: DatabaseSync): void {
  const both = ["device_identities", "device_pairing_paired"];
  if (!both.every((table) => hasColumns(database, table, ["device_id"]))) return;
  database.exec(`DELETE FROM device_pairing_paired
    WHERE device_id IN (SELECT device_id FROM device_identities)`);
}

function removed(count: number, path: string): Done {
  return {
    what: "identity of the original's device removed; OpenClaw makes a new one",
    path,
    count,
  };
}
