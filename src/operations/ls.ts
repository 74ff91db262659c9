import { ClawbackError } from "../errors.ts";
import { findEntry, isWithin, walkTree } from "../snapshot/tree-walker.ts";
import type { OperationContext } from "./context.ts";
import type { EntryDocument, LsDocument } from "./documents.ts";
import { snapshotForHere } from "./latest.ts";
import { entryOf, refOf } from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

export interface LsOptions {
  snapshot: string | Date;
  /** Absolute within the snapshot. */
  path: string;
  recursive: boolean;
}

/** @throws E_NO_SNAPSHOT, E_AMBIGUOUS_ID, E_NOT_FOUND */
export async function ls(context: OperationContext, options: LsOptions): Promise<LsDocument> {
  return withRepository(context, "read", async ({ repository, signal }) => {
    const snapshot = await snapshotForHere(context, repository, options.snapshot);
    await repository.loadIndex();
    const top = snapshotPath(options.path);
    const start = top.length <= 1 ? undefined : await findEntry(repository, snapshot.tree, top);
    if (top.length > 1 && start === undefined) throw notInSnapshot(options.path, snapshot.id);
    const entries: EntryDocument[] = [];
    if (start !== undefined && start.node.type !== "dir") entries.push(entryOf(top, start.node));
    const enter = ({ path }: { path: Buffer }) =>
      isWithin(top, path) || (options.recursive && isWithin(path, top));
    for await (const { path, node } of walkTree(repository, snapshot.tree, enter)) {
      signal.throwIfAborted();
      if (isWithin(path, top) && path.length > top.length) entries.push(entryOf(path, node));
    }
    return { snapshot: refOf(snapshot), entries };
  });
}

/** A path as a snapshot has it: absolute, single slashes, none at the end. */
export function snapshotPath(path: string): Buffer {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return Buffer.from(`/${parts.join("/")}`);
}

export function notInSnapshot(path: string, id: string): ClawbackError {
  return new ClawbackError("E_NOT_FOUND", `snapshot ${id.slice(0, 8)} has no ${path}`, {
    hint: `run \`clawback find ${JSON.stringify(path.split("/").at(-1) ?? path)}\` to see where it is`,
  });
}
