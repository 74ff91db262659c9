import type { BlobWriter } from "../repository/blob-writer.ts";
import { idOf } from "../repository/ids.ts";
import { formatTime } from "./go-time.ts";
import type { TreeNode } from "./node.ts";
import { encodeTree } from "./tree.ts";

/** A directory whose entries are still on their way. */
export class PendingDirectory {
  readonly #nodes: TreeNode[] = [];
  readonly #expected: Promise<void>[] = [];

  add(node: TreeNode): void {
    this.#nodes.push(node);
  }

  /** An entry to come; one that turns out undefined is left out. */
  expect(node: Promise<TreeNode | undefined>): void {
    this.#expected.push(
      node.then((found) => {
        if (found !== undefined) this.#nodes.push(found);
      }),
    );
  }

  /** Resolves when every entry has come. */
  async settled(): Promise<void> {
    await Promise.all(this.#expected);
    this.#expected.length = 0;
  }

  /** What the tree's id would be with what has come so far. */
  id(): string {
    return idOf(encodeTree(this.sorted()));
  }

  /** Ascending by the bytes of their names. */
  sorted(): TreeNode[] {
    return this.#nodes.sort((a, b) => Buffer.compare(a.name, b.name));
  }
}

/** Turns directories into tree blobs, and makes the nodes of what Clawback itself adds to a snapshot. */
export class TreeBuilder {
  readonly #writer: BlobWriter;

  constructor(writer: BlobWriter) {
    this.#writer = writer;
  }

  /** @returns the tree's id */
  async save(directory: PendingDirectory): Promise<string> {
    return this.#writer.saveBlob("tree", encodeTree(directory.sorted()));
  }

  /** A file that is on no disk. */
  async ownFile(name: string, content: Buffer, now: Date): Promise<TreeNode> {
    const ids: string[] = [];
    for (let at = 0; at < content.length; at += OWN_CHUNK) {
      ids.push(await this.#writer.saveBlob("data", content.subarray(at, at + OWN_CHUNK)));
    }
    return {
      ...ownNode(name, now),
      type: "file",
      mode: 0o600,
      size: BigInt(content.length),
      links: 1n,
      content: ids,
    };
  }

  ownDirectory(name: string, subtree: string, now: Date): TreeNode {
    return { ...ownNode(name, now), type: "dir", mode: DIRECTORY + 0o700, subtree };
  }
}

const OWN_CHUNK = 1 << 20;
/** Go's os.ModeDir. */
const DIRECTORY = 2 ** 31;

function ownNode(name: string, now: Date): Omit<TreeNode, "type" | "mode"> {
  const time = formatTime(BigInt(now.getTime()) * 1_000_000n);
  return {
    name: Buffer.from(name),
    mtime: time,
    atime: time,
    ctime: time,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
}
