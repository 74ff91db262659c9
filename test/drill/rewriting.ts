import { BlobWriter } from "../../src/repository/blob-writer.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { TreeNode } from "../../src/snapshot/node.ts";
import { encodeTree } from "../../src/snapshot/tree.ts";
import { loadSnapshot, saveSnapshot } from "../../src/snapshot/snapshots.ts";
import { readFileBytes } from "../../src/snapshot/read-file.ts";
import { loadTree } from "../../src/snapshot/tree-walker.ts";

/** A change to one entry of a snapshot. */
export interface Edit {
  /** Absolute within the snapshot. */
  path: string;
  /** @returns what stands there afterwards; undefined: nothing */
  change(node: TreeNode | undefined, tools: Tools): Promise<TreeNode | undefined>;
}

export interface Tools {
  /** A file's bytes. */
  read(node: TreeNode): Promise<Buffer>;
  /** The same file with other bytes. */
  filled(node: TreeNode, bytes: Uint8Array): Promise<TreeNode>;
}

/**
 * Writes a snapshot anew with something in it changed, its manifest and its time kept.
 *
 * @returns the new snapshot's id
 */
export async function rewriteSnapshot(
  repository: Repository,
  snapshot: string,
  edits: readonly Edit[],
): Promise<string> {
  await repository.loadIndex();
  const { id: _, ...file } = await loadSnapshot(repository, snapshot);
  const writer = new BlobWriter(repository, () => {});
  let { tree } = file;
  for (const edit of edits) tree = await rewriteTree(repository, writer, tree, edit);
  return saveSnapshot(repository, { ...file, tree });
}

async function rewriteTree(
  repository: Repository,
  writer: BlobWriter,
  tree: string,
  edit: Edit,
): Promise<string> {
  const tools: Tools = {
    async read(node) {
      const parts: Uint8Array[] = [];
      for await (const part of readFileBytes(repository, node)) parts.push(part);
      return Buffer.concat(parts);
    },
    async filled(node, bytes) {
      const content = bytes.length === 0 ? [] : [await writer.saveBlob("data", bytes)];
      return { ...node, size: BigInt(bytes.length), content };
    },
  };
  const descend = async (id: string, names: string[]): Promise<string> => {
    const [name = "", ...rest] = names;
    const nodes = await loadTree(repository, id);
    const at = nodes.findIndex((node) => node.name.toString() === name);
    const node = nodes[at];
    let replaced: TreeNode | undefined;
    if (rest.length === 0) {
      replaced = await edit.change(node, tools);
    } else {
      if (node?.subtree === undefined) throw new Error(`${edit.path} is not there`);
      replaced = { ...node, subtree: await descend(node.subtree, rest) };
    }
    const others = nodes.filter((each) => each !== node);
    const all = [...others, ...(replaced === undefined ? [] : [replaced])];
    all.sort((a, b) => Buffer.compare(a.name, b.name));
    const saved = await writer.saveBlob("tree", encodeTree(all));
    // The next edit begins with this tree.
    await writer.flush();
    return saved;
  };
  return descend(tree, edit.path.split("/").filter(Boolean));
}
