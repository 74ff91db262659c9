import type { BigIntStats } from "node:fs";
import { hasCode } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import { parseTime } from "./go-time.ts";
import type { TreeNode } from "./node.ts";
import { loadTree } from "./tree-walker.ts";

/**
 * A file that changed so shortly before it was read may have changed again within the same tick of
 * its file system's clock. It is read again next time. Milliseconds.
 */
const RACY_MS = 2000;

/** The snapshot before, walked in step with the file system. */
export class ParentTree {
  readonly #repository: Repository;
  readonly #parent: { tree: string; time: number } | undefined;
  /** The nodes of each directory that is open, by name as latin1; undefined where it was not there. */
  readonly #levels: (Map<string, TreeNode> | undefined)[] = [];

  /** @param parent `time`: when the snapshot was begun, ms since 1970; no file was read before */
  constructor(repository: Repository, parent: { tree: string; time: number } | undefined) {
    this.#repository = repository;
    this.#parent = parent;
  }

  /** Into a directory of the one that is open; undefined: the root tree. */
  async enter(name: Buffer | undefined): Promise<void> {
    const tree = name === undefined ? this.#parent?.tree : this.child(name)?.subtree;
    this.#levels.push(tree === undefined ? undefined : await this.#load(tree));
  }

  async leave(): Promise<void> {
    this.#levels.pop();
  }

  /** The entry of that name in the directory that is open. */
  child(name: Buffer): TreeNode | undefined {
    return this.#levels.at(-1)?.get(name.toString("latin1"));
  }

  /** Whether a file is what it was then, as far as can be told without reading it. */
  isUnchanged(before: TreeNode | undefined, stat: BigIntStats): boolean {
    if (before?.type !== "file" || before.ctime === undefined || before.mtime === undefined) {
      return false;
    }
    const begun = BigInt(Math.floor(this.#parent?.time ?? 0)) * 1_000_000n;
    return (
      before.inode === stat.ino &&
      (before.size ?? 0n) === stat.size &&
      parseTime(before.mtime) === stat.mtimeNs &&
      parseTime(before.ctime) === stat.ctimeNs &&
      stat.ctimeNs < begun - BigInt(RACY_MS) * 1_000_000n
    );
  }

  /** Whether the repository still has all of a file's blobs. */
  holds(node: TreeNode): boolean {
    return (node.content ?? []).every((id) => this.#repository.index.has("data", id));
  }

  async #load(tree: string): Promise<Map<string, TreeNode> | undefined> {
    let nodes: TreeNode[];
    try {
      nodes = await loadTree(this.#repository, tree);
    } catch (error) {
      // A damaged parent costs reading everything again, never the backup.
      if (hasCode(error, "E_DAMAGED")) return undefined;
      throw error;
    }
    return new Map(nodes.map((node) => [node.name.toString("latin1"), node]));
  }
}
