import { type ClawbackError, hasCode } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "./node.ts";
import { decodeTree } from "./tree.ts";

/** An entry of a snapshot. */
export interface TreeEntry {
  /** Absolute within the snapshot, raw bytes. */
  path: Buffer;
  node: TreeNode;
}

/**
 * The entries of a snapshot's tree, depth first, a directory before what is in it.
 *
 * @param enter whether to look into a directory; it is yielded all the same
 * @param onDamage told of a directory whose tree cannot be read, which then counts as empty
 * @throws E_DAMAGED when the root's tree cannot be read, or another and nobody is told
 */
export async function* walkTree(
  repository: Repository,
  tree: string,
  enter: (entry: TreeEntry) => boolean = () => true,
  onDamage?: (entry: TreeEntry, error: ClawbackError) => void,
): AsyncGenerator<TreeEntry> {
  const stack: { path: Buffer; nodes: TreeNode[]; at: number }[] = [];
  stack.push({ path: Buffer.alloc(0), nodes: await loadTree(repository, tree), at: 0 });
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const node = level.nodes[level.at++];
    if (node === undefined) {
      stack.pop();
      continue;
    }
    const entry = { path: Buffer.concat([level.path, SLASH, node.name]), node };
    yield entry;
    if (!isDirectory(node) || !enter(entry)) continue;
    try {
      stack.push({ path: entry.path, nodes: await loadTree(repository, node.subtree), at: 0 });
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED") || onDamage === undefined) throw error;
      onDamage(entry, error);
    }
  }
}

/** A link with a tree of its own would lead a restore to wherever the link points. */
function isDirectory(node: TreeNode): node is TreeNode & { subtree: string } {
  return node.type === "dir" && node.subtree !== undefined;
}

/** @throws E_DAMAGED */
export async function loadTree(repository: Repository, id: string): Promise<TreeNode[]> {
  const bytes = await repository.loadBlob("tree", id);
  return decodeTree(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** The entry at a path, or undefined. @param path absolute, normalised */
export async function findEntry(
  repository: Repository,
  tree: string,
  path: Buffer,
): Promise<TreeEntry | undefined> {
  let subtree: string | undefined = tree;
  let found: TreeNode | undefined;
  for (const part of path.toString("latin1").split("/").filter(Boolean)) {
    if (subtree === undefined) return undefined;
    const nodes: TreeNode[] = await loadTree(repository, subtree);
    found = nodes.find((node) => node.name.toString("latin1") === part);
    if (found === undefined) return undefined;
    subtree = isDirectory(found) ? found.subtree : undefined;
  }
  return found === undefined ? undefined : { path, node: found };
}

/** Whether a path is another or lies below it. Both absolute; `/` holds everything. */
export function isWithin(path: Buffer, ancestor: Buffer): boolean {
  if (ancestor.length <= 1) return true;
  return (
    path.length >= ancestor.length &&
    path.compare(ancestor, 0, ancestor.length, 0, ancestor.length) === 0 &&
    (path.length === ancestor.length || path[ancestor.length] === SLASH[0])
  );
}

const SLASH = Buffer.from("/");
