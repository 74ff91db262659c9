import { hasCode } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import { listSnapshots, type Snapshot } from "../snapshot/snapshots.ts";
import { proofsAmong, standing } from "./drill/record.ts";
import { type Manifest, MANIFEST_DIRECTORY, readManifest } from "./manifest.ts";
import { isUntouched } from "./snapshot-digest.ts";
import { isCompanion } from "./snapshot-documents.ts";
import { sameGroup } from "./snapshot-group.ts";

/** The snapshot that a backup compares with, and takes over from it what rests. */
export interface Parent {
  snapshot: Snapshot;
  /** Undefined: it has none. */
  manifest: Manifest | undefined;
}

/**
 * The newest snapshot of a group, if it is to be relied on: what is damaged in it would come along
 * into every snapshot after it. Without one all files are read anew.
 *
 * @param warn told why it is not
 */
export async function chooseParent(
  repository: Repository,
  paths: readonly string[],
  warn: (message: string) => void,
): Promise<Parent | undefined> {
  const all = await listSnapshots(repository);
  const snapshot = all.findLast((each) => !isCompanion(each) && sameGroup(each, paths));
  await repository.loadIndex();
  if (snapshot === undefined) return undefined;
  const again = `reading everything anew, since the snapshot before (${snapshot.id.slice(0, 8)})`;
  if (standing(proofsAmong(all).get(snapshot.id))?.verdict === "failed") {
    warn(`${again} failed its drill`);
    return undefined;
  }
  const manifest = await readManifest(repository, snapshot.tree).catch((error: unknown) => {
    if (!hasCode(error, "E_DAMAGED")) throw error;
    return "strange" as const;
  });
  if (manifest === "strange") {
    warn(`${again} has a manifest that no backup writes`);
    return undefined;
  }
  const digest = manifest?.digest;
  if (
    digest !== undefined &&
    !(await isUntouched(repository, snapshot.tree, MANIFEST_DIRECTORY, digest))
  ) {
    warn(`${again} was changed after it was taken`);
    return undefined;
  }
  return { snapshot, manifest };
}
