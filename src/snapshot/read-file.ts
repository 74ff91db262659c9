import { ClawbackError } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "./node.ts";

/** A file's bytes, chunk by chunk, each proven by its id. @throws E_DAMAGED */
export async function* readFileBytes(
  repository: Repository,
  node: TreeNode,
): AsyncGenerator<Uint8Array> {
  let size = 0n;
  for (const id of node.content ?? []) {
    const chunk = await repository.loadBlob("data", id);
    size += BigInt(chunk.length);
    yield chunk;
  }
  if (size !== (node.size ?? 0n)) {
    throw new ClawbackError(
      "E_DAMAGED",
      `${node.name.toString()}: its chunks hold ${size} bytes, its size is ${node.size ?? 0n}`,
    );
  }
}
