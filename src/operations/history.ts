import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { ensurePrivateDirectory } from "../fs/directories.ts";
import type { OperationContext } from "./context.ts";
import type { DamagedSource, DrillLevel, Verdict } from "./documents.ts";

/** What happened on this machine, one line of JSON each, kept outside of every repository. */
interface BackupEvent {
  event: "backup";
  /** RFC 3339, UTC. */
  time: string;
  repository: string;
  snapshot: string;
  stateDir: string;
  complete: boolean;
  /** Damage of the source: no snapshot with any of it stands in for one without. */
  damaged: DamagedSource[];
}

interface DrillEvent {
  event: "drill";
  /** RFC 3339, UTC. */
  time: string;
  repository: string;
  snapshot: string;
  verdict: Verdict;
  level: DrillLevel;
  /** Why it is not proven, a sentence each. */
  reasons: string[];
  /** Seconds. */
  duration: number;
}

const FILE_NAME = "history.jsonl";

/** Adds a line. A disk that is full or read-only costs the line and a warning, not the backup. */
export async function recordInHistory(
  { places, warn }: OperationContext,
  event: BackupEvent | DrillEvent,
): Promise<void> {
  const path = join(places.stateDir, FILE_NAME);
  try {
    await ensurePrivateDirectory(places.stateDir);
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    await using file = await open(path, flags, 0o600);
    await file.write(`${JSON.stringify(event)}\n`);
    await file.sync();
  } catch (error) {
    warn(`the local history was not written (${path}): ${messageOf(error)}`);
  }
}
