import { ClawbackError } from "../errors.ts";
import { readFileBytes } from "../snapshot/read-file.ts";
import { findEntry } from "../snapshot/tree-walker.ts";
import type { OperationContext } from "./context.ts";
import type { SnapshotRef } from "./documents.ts";
import { notInSnapshot, snapshotPath } from "./ls.ts";
import { snapshotForHere } from "./latest.ts";
import { refOf } from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

export interface CatFile {
  snapshot: SnapshotRef;
  path: string;
  size: number;
}

/**
 * Hands a file's bytes on, chunk by chunk.
 *
 * @throws E_NO_SNAPSHOT, E_NOT_FOUND, E_DAMAGED
 */
export async function cat(
  context: OperationContext,
  options: { snapshot: string | Date; path: string },
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<CatFile> {
  return withRepository(context, "read", async ({ repository, signal }) => {
    const snapshot = await snapshotForHere(context, repository, options.snapshot);
    await repository.loadIndex();
    const path = snapshotPath(options.path);
    const entry = await findEntry(repository, snapshot.tree, path);
    if (entry === undefined) throw notInSnapshot(options.path, snapshot.id);
    if (entry.node.type !== "file") {
      throw new ClawbackError(
        "E_NOT_FOUND",
        `${options.path} is no file but a ${entry.node.type}`,
        {
          hint: `run \`clawback ls ${snapshot.id.slice(0, 8)} ${options.path}\` to see what is there`,
        },
      );
    }
    for await (const chunk of readFileBytes(repository, entry.node)) {
      signal.throwIfAborted();
      await write(chunk);
    }
    return {
      snapshot: refOf(snapshot),
      path: path.toString(),
      size: Number(entry.node.size ?? 0n),
    };
  });
}
