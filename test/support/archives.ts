import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckFault, readPacks, surveyIndex } from "../../src/repository/check-packs.ts";
import { checkTrees } from "../../src/snapshot/check-trees.ts";
import { silentProgress } from "../../src/progress.ts";
import { BlobWriter } from "../../src/repository/blob-writer.ts";
import { Repository } from "../../src/repository/repository.ts";
import type { ArchiveOptions, ArchiveResult } from "../../src/snapshot/archive-options.ts";
import { archive } from "../../src/snapshot/archiver.ts";
import { formatTime } from "../../src/snapshot/go-time.ts";
import { measureSource } from "../../src/snapshot/measure-source.ts";
import type { TreeNode } from "../../src/snapshot/node.ts";
import { restore, type RestoreResult } from "../../src/snapshot/restorer.ts";
import { listSnapshots, saveSnapshot } from "../../src/snapshot/snapshots.ts";
import { walkTree } from "../../src/snapshot/tree-walker.ts";
import { MemoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/storage.ts";

export const PASSWORD = "correct horse battery staple";
const never = new AbortController().signal;

/** A temporary directory that goes when the block ends. */
export function temporaryFolder(): Disposable & { path: string; at(...names: string[]): string } {
  const path = mkdtempSync(join(tmpdir(), "clawback-test-"));
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

export function newRepository(storage: Storage = new MemoryStorage()): Promise<Repository> {
  return Repository.init(storage, PASSWORD);
}

/** Nothing here is a database unless a test says so. */
export const noDatabases: ArchiveOptions["databases"] = {
  isUnchanged: () => Promise.resolve(false),
  isKnown: () => false,
  capture: () => Promise.reject(new Error("there is no database here")),
};

export interface Backup extends ArchiveResult {
  snapshot: string;
  /** What became of each file: path → new, changed or unchanged. */
  states: Map<string, string>;
}

/** Archives a directory and writes the snapshot; the newest one before is its parent. */
export async function backUp(
  repository: Repository,
  root: string,
  options: Partial<ArchiveOptions> = {},
): Promise<Backup> {
  await repository.loadIndex();
  const parent = (await listSnapshots(repository)).at(-1);
  const now = options.now ?? new Date();
  const states = new Map<string, string>();
  const result = await archive(
    {
      repository,
      assertHeld: () => {},
      roots: [Buffer.from(root)],
      select: () => undefined,
      total: measureSource([Buffer.from(root)], options.select ?? (() => undefined), never),
      databases: noDatabases,
      parent: parent && { tree: parent.tree, time: Date.parse(parent.time) },
      ownFile: { directory: ".own", name: "own.json", content: () => Buffer.from("{}") },
      now,
      progress: silentProgress,
      signal: never,
      ...options,
    },
    ({ path, state, read }) =>
      states.set(path.toString(), state === "unchanged" && read ? "read, unchanged" : state),
  );
  const snapshot = await saveTree(repository, result.tree, { now, root });
  return { ...result, snapshot, states };
}

/** A snapshot of a tree that is there. @returns its id */
export function saveTree(
  repository: Repository,
  tree: string,
  { now = new Date(), root = "/" } = {},
): Promise<string> {
  return saveSnapshot(repository, {
    time: formatTime(BigInt(now.getTime()) * 1_000_000n),
    tree,
    paths: [root],
    hostname: "host",
    username: "ada",
    uid: 1000,
    gid: 1000,
  });
}

export async function restoreTree(
  repository: Repository,
  tree: string,
  target: string,
): Promise<RestoreResult> {
  await repository.loadIndex();
  const options = { select: () => "take" as const, progress: silentProgress, signal: never };
  return restore({ repository, tree, target: Buffer.from(target), ...options });
}

/** The nodes of a tree by their paths as latin1, without what Clawback adds of its own. */
export async function nodesOf(
  repository: Repository,
  tree: string,
): Promise<Map<string, TreeNode>> {
  await repository.loadIndex();
  const nodes = new Map<string, TreeNode>();
  for await (const { path, node } of walkTree(repository, tree)) {
    const name = path.toString("latin1");
    if (!name.startsWith("/.own")) nodes.set(name, node);
  }
  return nodes;
}

/** Stores blobs and indexes them. @returns their ids */
export async function storeBlobs(
  repository: Repository,
  type: "data" | "tree",
  ...blobs: Uint8Array[]
): Promise<string[]> {
  const writer = new BlobWriter(repository, () => {});
  const ids: string[] = [];
  for (const blob of blobs) ids.push(await writer.saveBlob(type, blob));
  await writer.flush();
  return ids;
}

/** Everything that a check with reading of all data finds. */
export async function checkAll(repository: Repository): Promise<CheckFault[]> {
  const survey = await surveyIndex(repository);
  const trees = (await listSnapshots(repository)).map(({ tree }) => tree);
  const packs = await readPacks(repository, [...survey.packs.values()], silentProgress, never);
  return [...survey.faults, ...packs.faults, ...(await checkTrees(repository, trees, never))];
}
