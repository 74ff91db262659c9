import { hostname } from "node:os";
import { userName } from "../../repository/key-file.ts";
import { BlobWriter } from "../../repository/blob-writer.ts";
import type { Repository } from "../../repository/repository.ts";
import { formatTime } from "../../snapshot/go-time.ts";
import { listSnapshots, saveSnapshot, type Snapshot } from "../../snapshot/snapshots.ts";
import { PendingDirectory, TreeBuilder } from "../../snapshot/tree-builder.ts";
import { programVersion } from "../../version.ts";
import { DRILL_LEVELS, type Proof, type Verdict } from "../documents.ts";
import { MANIFEST_DIRECTORY } from "../manifest.ts";
import { DRILL_TAG, isCompanion, refOf, taggedWith } from "../snapshot-documents.ts";
import type { Session } from "../with-repository.ts";
import type { DrillDocument } from "./document.ts";

const RECORD_NAME = "drill.json";
/** The snapshot that a record is of. */
const OF_TAG = "clawback:of=";
const VERDICT_TAG = "clawback:verdict=";
const LEVEL_TAG = "clawback:level=";

/** As tags have it: a word of one piece. */
const VERDICT_WORDS: Readonly<Record<string, Verdict>> = {
  proven: "proven",
  "partly-proven": "partly proven",
  failed: "failed",
};

/**
 * Keeps a verdict beside the snapshot that it is of: as a small snapshot of its own, which names
 * that one. Nothing is overwritten or removed, so it works where only adding is allowed; whoever
 * opens the repository sees it, and restic takes it for one more snapshot.
 *
 * @returns its id
 * @throws E_PERMISSION, E_NO_SPACE, E_LOCK_LOST, E_STORAGE_…
 */
export async function recordVerdict(
  { repository, assertHeld }: Session,
  snapshot: Snapshot,
  document: Omit<DrillDocument, "record">,
  now: Date,
): Promise<string> {
  const writer = new BlobWriter(repository, assertHeld);
  const trees = new TreeBuilder(writer);
  const content = Buffer.from(JSON.stringify({ version: 1, ...document }, undefined, 1));
  const directory = new PendingDirectory();
  directory.add(await trees.ownFile(RECORD_NAME, content, now));
  const top = new PendingDirectory();
  top.add(trees.ownDirectory(MANIFEST_DIRECTORY, await trees.save(directory), now));
  const tree = await trees.save(top);
  await writer.flush();
  assertHeld();
  const [word = ""] = Object.entries(VERDICT_WORDS).find(([, v]) => v === document.verdict) ?? [];
  return saveSnapshot(repository, {
    time: formatTime(BigInt(now.getTime()) * 1_000_000n),
    tree,
    // A group of its own: restic's `latest` of the instance's paths is never a record.
    paths: [`${snapshot.paths[0] ?? "/"}#drill`],
    hostname: hostname(),
    username: userName(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    tags: [DRILL_TAG, OF_TAG + snapshot.id, VERDICT_TAG + word, LEVEL_TAG + document.level],
    programVersion: `clawback ${programVersion()}`,
  });
}

/** What drills of each snapshot came to, oldest first, by the snapshot's id. */
export async function verdictsOf(repository: Repository): Promise<Map<string, Proof[]>> {
  return proofsAmong(await listSnapshots(repository));
}

/** The same from a list of everything, oldest first. What cannot be understood is passed by. */
export function proofsAmong(snapshots: readonly Snapshot[]): Map<string, Proof[]> {
  const proofs = new Map<string, Proof[]>();
  for (const record of snapshots) {
    if (!isCompanion(record)) continue;
    const [of] = taggedWith(record, OF_TAG);
    const verdict = VERDICT_WORDS[taggedWith(record, VERDICT_TAG)[0] ?? ""];
    const level = DRILL_LEVELS.find((each) => each === taggedWith(record, LEVEL_TAG)[0]);
    if (of === undefined || verdict === undefined || level === undefined) continue;
    const proof = { verdict, level, time: refOf(record).time, host: record.hostname };
    proofs.set(of, [...(proofs.get(of) ?? []), proof]);
  }
  return proofs;
}

/**
 * The verdict that counts: the newest, unless an earlier drill failed at a level that none since
 * has come to. Undefined: there was none.
 *
 * @param proofs of one snapshot, oldest first
 */
export function standing(proofs: readonly Proof[] = []): Proof | undefined {
  const depth = ({ level }: Proof) => DRILL_LEVELS.indexOf(level);
  return proofs.reduce<Proof | undefined>((stands, next) => {
    const isRefuted = stands?.verdict !== "failed" || depth(next) >= depth(stands);
    return isRefuted || next.verdict === "failed" ? next : stands;
  }, undefined);
}
