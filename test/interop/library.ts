import { readPacks, surveyIndex, type CheckFault } from "../../src/repository/check-packs.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { silentProgress } from "../../src/progress.ts";
import { archive, type ArchiveResult } from "../../src/snapshot/archiver.ts";
import { checkTrees } from "../../src/snapshot/check-trees.ts";
import { formatTime } from "../../src/snapshot/go-time.ts";
import { restore, type RestoreResult } from "../../src/snapshot/restorer.ts";
import { listSnapshots, saveSnapshot } from "../../src/snapshot/snapshots.ts";

const never = new AbortController().signal;

/** A file that holds no database: what interoperates here is the format. */
const noDatabases = {
  isUnchanged: () => Promise.resolve(false),
  isKnown: () => false,
  capture: () => Promise.reject(new Error("there is no database here")),
};

/**
 * Takes a snapshot of a directory, of nothing but the archiver's make; the newest one is its
 * parent.
 */
export async function backUp(repository: Repository, root: string): Promise<ArchiveResult> {
  await repository.loadIndex();
  const parent = (await listSnapshots(repository)).at(-1);
  const now = new Date();
  const result = await archive(
    {
      repository,
      assertHeld: () => {},
      roots: [Buffer.from(root)],
      select: () => undefined,
      databases: noDatabases,
      parent: parent && { tree: parent.tree, time: Date.parse(parent.time) },
      ownFile: {
        directory: ".clawback",
        name: "manifest.json",
        content: () => Buffer.from("{}\n"),
      },
      dryRun: false,
      now,
      progress: silentProgress,
      signal: never,
    },
    () => {},
  );
  await saveSnapshot(repository, {
    time: formatTime(BigInt(now.getTime()) * 1_000_000n),
    ...(parent && { parent: parent.id }),
    tree: result.tree,
    paths: [root],
    hostname: "interop",
    username: "ada",
    uid: 1000,
    gid: 1000,
  });
  return result;
}

/** Restores a whole tree; absolute paths are laid out below the target. */
export async function restoreAll(
  repository: Repository,
  tree: string,
  target: string,
): Promise<RestoreResult> {
  await repository.loadIndex();
  const options = { select: () => "take" as const, progress: silentProgress, signal: never };
  return restore({ repository, tree, target: Buffer.from(target), ...options });
}

/** Everything that a check with reading of all data finds. */
export async function checkAll(repository: Repository): Promise<CheckFault[]> {
  const survey = await surveyIndex(repository);
  const trees = (await listSnapshots(repository)).map(({ tree }) => tree);
  const packs = await readPacks(repository, [...survey.packs.values()], silentProgress, never);
  return [...survey.faults, ...packs.faults, ...(await checkTrees(repository, trees, never))];
}
