import { ClawbackError } from "../errors.ts";
import { isId, shortId } from "../repository/ids.ts";
import type { Repository } from "../repository/repository.ts";
import { parseTime } from "./go-time.ts";
import { decodeSnapshot, encodeSnapshot, type SnapshotFile } from "./snapshot-file.ts";

export interface Snapshot extends SnapshotFile {
  id: string;
}

/** All snapshots, oldest first; a damaged one goes to the repository's `onDamage`. */
export async function listSnapshots(repository: Repository): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for await (const { name } of repository.storage.list("snapshot")) {
    const snapshot = await repository.unlessDamaged(() => loadSnapshot(repository, name));
    if (snapshot !== undefined) snapshots.push(snapshot);
  }
  return snapshots.sort(byTime);
}

export async function loadSnapshot(repository: Repository, id: string): Promise<Snapshot> {
  const json = await repository.loadUnpacked("snapshot", id);
  return { id, ...decodeSnapshot(Buffer.from(json.buffer, json.byteOffset, json.length)) };
}

/** @returns the snapshot's id */
export async function saveSnapshot(repository: Repository, file: SnapshotFile): Promise<string> {
  return (await repository.saveUnpacked("snapshot", encodeSnapshot(file))).name;
}

/**
 * The snapshot that a person means: `latest`, or an id or the beginning of one.
 *
 * @param among which of them `latest` is looked for in
 * @throws E_NO_SNAPSHOT, E_AMBIGUOUS_ID
 */
export async function resolveSnapshot(
  repository: Repository,
  wanted: string,
  among: (snapshot: Snapshot) => boolean = () => true,
): Promise<Snapshot> {
  if (wanted === "latest") {
    const all = await listSnapshots(repository);
    const latest = all.filter(among).at(-1);
    if (latest !== undefined) return latest;
    if (all.length === 0 && !(await isEmpty(repository))) {
      throw new ClawbackError("E_DAMAGED", "every snapshot file of the repository is damaged", {
        hint: "bring its `snapshots` folder back from a copy; the data itself may be whole",
      });
    }
    throw new ClawbackError("E_NO_SNAPSHOT", "the repository has no such snapshot yet", {
      hint: "run `clawback backup` to take one, or `clawback snapshots` to see what is there",
    });
  }
  const prefix = wanted.toLowerCase();
  const matches: string[] = [];
  for await (const { name } of repository.storage.list("snapshot")) {
    if (name.startsWith(prefix)) matches.push(name);
  }
  const [id] = matches;
  if (prefix === "" || id === undefined) {
    throw new ClawbackError("E_NO_SNAPSHOT", `no snapshot has the id ${JSON.stringify(wanted)}`, {
      hint: "run `clawback snapshots` to see their ids, or say `latest`",
    });
  }
  if (matches.length > 1 && !isId(prefix)) {
    throw new ClawbackError(
      "E_AMBIGUOUS_ID",
      `${matches.length} snapshots have ids that begin with ${prefix}: ${matches.map(shortId).join(", ")}`,
      { hint: "give more digits of the id" },
    );
  }
  return loadSnapshot(repository, id);
}

async function isEmpty(repository: Repository): Promise<boolean> {
  for await (const _ of repository.storage.list("snapshot")) return false;
  return true;
}

function byTime(a: Snapshot, b: Snapshot): number {
  const difference = parseTime(a.time) - parseTime(b.time);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
