import type { Repository } from "../../repository/repository.ts";
import { parseTime } from "../../snapshot/go-time.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import { findEntry, loadTree } from "../../snapshot/tree-walker.ts";

/** An entry of a snapshot, with all that is below it. */
export interface SnapshotEntry {
  type: TreeNode["type"];
  /** Bytes. */
  size: number;
  /** Microseconds: what a restore sets. */
  mtime: bigint | undefined;
  /** It is wanted back; of a directory: itself, as against only something in it. */
  taken: boolean;
  /** By name, as latin1; undefined: it is no directory. */
  children: Map<string, SnapshotEntry> | undefined;
}

type Select = (path: Buffer, node: TreeNode) => "take" | "descend" | "skip";

/**
 * What a snapshot has at a path.
 *
 * @throws E_DAMAGED: what cannot be read in full does not replace anything
 */
export async function snapshotEntry(
  repository: Repository,
  tree: string,
  path: string,
  select: Select,
): Promise<SnapshotEntry | undefined> {
  const found = await findEntry(repository, tree, Buffer.from(path));
  return found && (await entryOf(repository, found.path, found.node, select));
}

async function entryOf(
  repository: Repository,
  path: Buffer,
  node: TreeNode,
  select: Select,
): Promise<SnapshotEntry> {
  const choice = select(path, node);
  const entry: SnapshotEntry = {
    type: node.type,
    size: node.type === "file" ? Number(node.size ?? 0n) : 0,
    mtime: node.mtime === undefined ? undefined : parseTime(node.mtime) / 1000n,
    taken: choice === "take",
    children: undefined,
  };
  if (node.type !== "dir") return entry;
  entry.children = new Map();
  if (node.subtree === undefined) return entry;
  for (const child of await loadTree(repository, node.subtree)) {
    if (!isLasting(child)) continue;
    const below = Buffer.concat([path, Buffer.from("/"), child.name]);
    const name = child.name.toString("latin1");
    entry.children.set(name, await entryOf(repository, below, child, select));
  }
  return entry;
}

/** Whether it, or anything below it, is wanted back. */
export function hasTaken({ taken, children }: SnapshotEntry): boolean {
  return taken || [...(children?.values() ?? [])].some(hasTaken);
}

/** A socket lives only as long as its program. */
export function isLasting({ type }: TreeNode): boolean {
  return type !== "socket" && type !== "irregular";
}
