import { lstat, rm } from "node:fs/promises";
import { KINDS } from "../root-kinds.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { copiedFiles } from "./copied-files.ts";
import { doneIf } from "./report.ts";
import type { RevivalReport, Told } from "./report.ts";

/** In `tmp/openclaw-<uid>/`: the gateway's own, and those of what it does alone. */
const LOCK_IN_TMP = /\/tmp\/openclaw-[^/]+\/[^/]+\.lock(\.sqlite(-wal|-shm|-journal)?)?$/;

/** Takes away the locks, pid files and sockets of the processes that had the original. */
export async function removeLocks(copy: InstanceCopy): Promise<RevivalReport> {
  let count = 0;
  for await (const { path, at, classification } of copiedFiles(copy)) {
    const isLock = classification.machineBound && classification.leaveOut !== undefined;
    if (!isLock && !LOCK_IN_TMP.test(path)) continue;
    await rm(at, { force: true });
    count += 1;
  }
  return {
    done: doneIf(count, "locks and journals of the old machine removed", copy.stateDir),
    told: [],
  };
}

/** What came along that only starts a gateway where the original was. */
export async function machineBoundLeftovers(copy: InstanceCopy): Promise<Told[]> {
  const told: Told[] = [];
  for (const { kind, realPath } of copy.roots) {
    if (KINDS[kind].machineBound !== true) continue;
    if ((await lstat(copy.at(realPath)).catch(() => undefined)) === undefined) continue;
    told.push({
      what: `${realPath} is the service definition of the old machine`,
      why: "It names that machine's programs and users; the system does not know it until it is installed.",
      command: ["openclaw", "gateway", "install", "--force"],
    });
  }
  return told;
}
