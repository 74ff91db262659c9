import { idOf } from "../repository/ids.ts";
import type { Repository } from "../repository/repository.ts";
import { encodeTree } from "../snapshot/tree.ts";
import { findEntry, loadTree } from "../snapshot/tree-walker.ts";
import type { RootIndex } from "./root-index.ts";

/**
 * What a snapshot's content comes to. A tree's id is the hash of all that is below it: names,
 * modes, owners, times, link targets, sizes, and the hash of every chunk. Kept in the manifest, it
 * shows whatever was changed in a snapshot afterwards, however well formed the change is.
 */
export interface SnapshotDigest {
  /** SHA-256 over restic's encoding of a tree. */
  algorithm: "sha256-restic-tree";
  /** Of the root tree without `/.clawback`. */
  tree: string;
  /** Of each root and of the directories a little below it: tells where a change is. */
  directories: Record<string, string>;
}

/** How far below a root directories are kept, and how many in all: enough to say where to look. */
const DEPTH = 2;
const MAX_DIRECTORIES = 500;

/** Collects a digest while the directories of a backup are finished. */
export class DigestBuilder {
  readonly #roots: RootIndex;
  readonly #directories = new Map<string, string>();

  constructor(roots: RootIndex) {
    this.#roots = roots;
  }

  add(path: string, tree: string): void {
    const relative = this.#roots.locate(path)?.relative;
    if (relative === undefined) return;
    const depth = relative === "" ? 0 : relative.split("/").length;
    if (depth > DEPTH || this.#directories.size >= MAX_DIRECTORIES) return;
    this.#directories.set(path, tree);
  }

  digest(tree: string): SnapshotDigest {
    // Threads end in any order; people and scripts compare manifests.
    const sorted = [...this.#directories].sort(([a], [b]) => (a < b ? -1 : 1));
    return { algorithm: "sha256-restic-tree", tree, directories: Object.fromEntries(sorted) };
  }
}

/**
 * Whether a snapshot is what it was when its manifest was written.
 *
 * @param tree id of the snapshot's root tree
 * @param own the directory at its top that the digest does not cover
 * @throws E_DAMAGED
 */
export async function isUntouched(
  repository: Repository,
  tree: string,
  own: string,
  digest: SnapshotDigest,
): Promise<boolean> {
  const nodes = (await loadTree(repository, tree)).filter(({ name }) => name.toString() !== own);
  return idOf(encodeTree(nodes)) === digest.tree;
}

/**
 * Where a snapshot is not what it was when its manifest was written: the innermost directories
 * that are known to differ. Empty: it is what it was. Parameters and errors as of `isUntouched`.
 */
export async function differences(
  repository: Repository,
  tree: string,
  own: string,
  digest: SnapshotDigest,
): Promise<string[]> {
  if (await isUntouched(repository, tree, own, digest)) return [];
  const differing: string[] = [];
  for (const [path, expected] of Object.entries(digest.directories)) {
    const found = await findEntry(repository, tree, Buffer.from(path));
    if (found?.node.subtree !== expected) differing.push(path);
  }
  const inner = differing.filter((path) => !differing.some((one) => one.startsWith(`${path}/`)));
  return inner.length === 0 ? ["/"] : inner;
}
