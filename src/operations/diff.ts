import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "../snapshot/node.ts";
import { loadTree } from "../snapshot/tree-walker.ts";
import type { OperationContext } from "./context.ts";
import type { DiffDocument } from "./documents.ts";
import { MANIFEST_DIRECTORY } from "./manifest.ts";
import { snapshotForHere } from "./latest.ts";
import { refOf } from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

type Change = DiffDocument["changes"][number];

/** Ours, and different in every snapshot. */
const MANIFEST = `/${MANIFEST_DIRECTORY}`;

/** What changed from one snapshot to another. Directories that are the same blob are not looked into. */
export async function diff(
  context: OperationContext,
  options: { from: string; to: string },
): Promise<DiffDocument> {
  return withRepository(context, "read", async ({ repository, signal }) => {
    const from = await snapshotForHere(context, repository, options.from);
    const to = await snapshotForHere(context, repository, options.to);
    await repository.loadIndex();
    const changes: Change[] = [];
    const open = [
      { path: "", before: from.tree as string | undefined, after: to.tree as string | undefined },
    ];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      signal.throwIfAborted();
      const { path, before, after } = next;
      if (before === after) continue;
      for (const [old, now] of pairs(
        await nodesOf(repository, before),
        await nodesOf(repository, after),
      )) {
        const node = now ?? old;
        if (node === undefined) continue;
        const name = `${path}/${node.name.toString()}`;
        if (name === MANIFEST) continue;
        const change = compare(old, now);
        if (change !== undefined)
          changes.push({ path: name, change, bytes: size(now) - size(old) });
        if (old?.subtree !== undefined || now?.subtree !== undefined) {
          open.push({ path: name, before: old?.subtree, after: now?.subtree });
        }
      }
    }
    changes.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { from: refOf(from), to: refOf(to), changes };
  });
}

async function nodesOf(repository: Repository, tree: string | undefined): Promise<TreeNode[]> {
  return tree === undefined ? [] : loadTree(repository, tree);
}

function pairs(
  before: TreeNode[],
  after: TreeNode[],
): [TreeNode | undefined, TreeNode | undefined][] {
  const key = (node: TreeNode) => node.name.toString("latin1");
  const old = new Map(before.map((node) => [key(node), node]));
  const now = new Map(after.map((node) => [key(node), node]));
  return [...new Set([...old.keys(), ...now.keys()])].map((name) => [old.get(name), now.get(name)]);
}

function compare(
  old: TreeNode | undefined,
  now: TreeNode | undefined,
): Change["change"] | undefined {
  if (old === undefined) return "added";
  if (now === undefined) return "removed";
  if (old.type !== now.type) return "type";
  const content = (node: TreeNode) =>
    `${node.content?.join() ?? ""} ${node.linktarget?.toString("latin1") ?? ""}`;
  if (content(old) !== content(now)) return "changed";
  const metadata = (node: TreeNode) => [node.mode, node.uid, node.gid, node.mtime].join();
  return metadata(old) === metadata(now) ? undefined : "metadata";
}

function size(node: TreeNode | undefined): number {
  return Number(node?.size ?? 0n);
}
