import { hasCode, messageOf } from "../errors.ts";
import type { CheckFault } from "../repository/check-packs.ts";
import { plainLength } from "../repository/pack.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "./node.ts";
import { loadTree } from "./tree-walker.ts";

/**
 * Goes through every tree that these roots lead to, once each: all of them can be read, and every
 * blob they name is in the index. Beyond what restic checks, a file's chunks must add up to its size.
 */
export async function checkTrees(
  repository: Repository,
  roots: readonly string[],
  signal: AbortSignal,
): Promise<CheckFault[]> {
  const faults: CheckFault[] = [];
  const seen = new Set<string>();
  const open = roots.map((tree) => ({ tree, path: "" }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted();
    const { tree, path } = next;
    if (seen.has(tree)) continue;
    seen.add(tree);
    let nodes: TreeNode[];
    try {
      nodes = await loadTree(repository, tree);
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED")) throw error;
      faults.push({ kind: "tree", subject: path || "/", message: messageOf(error) });
      continue;
    }
    for (const node of nodes) {
      const subject = `${path}/${node.name.toString()}`;
      const message = nodeFault(repository, node);
      if (message !== undefined) faults.push({ kind: "file", subject, message });
      if (node.subtree !== undefined) open.push({ tree: node.subtree, path: subject });
    }
  }
  return faults;
}

function nodeFault(repository: Repository, node: TreeNode): string | undefined {
  if (node.type === "dir")
    return node.subtree === undefined ? "a directory without a tree" : undefined;
  if (node.subtree !== undefined) return `a ${node.type} with a tree`;
  if (node.type !== "file") return undefined;
  let size = 0;
  for (const id of node.content ?? []) {
    const blob = repository.index.find("data", id);
    if (blob === undefined) return `chunk ${id.slice(0, 8)} is in no pack`;
    size += plainLength(blob);
  }
  return BigInt(size) === (node.size ?? 0n)
    ? undefined
    : `its chunks hold ${size} bytes, its size is ${node.size ?? 0n}`;
}
