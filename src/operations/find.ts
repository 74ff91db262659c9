import { matchesGlob } from "node:path/posix";
import { walkTree } from "../snapshot/tree-walker.ts";
import type { OperationContext } from "./context.ts";
import type { EntryDocument, FindDocument } from "./documents.ts";
import { snapshotForHere } from "./latest.ts";
import { entryOf, listInstanceSnapshots, refOf } from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

export interface FindOptions {
  /** With a slash: compared with the whole path; without: with the name. */
  pattern: string;
  /** Only in these snapshots; empty: in all. */
  snapshots: readonly string[];
  ignoreCase: boolean;
}

/** Newest snapshot first; those without a match are left out. */
export async function find(context: OperationContext, options: FindOptions): Promise<FindDocument> {
  const fold = (text: string) => (options.ignoreCase ? text.toLowerCase() : text);
  const pattern = fold(options.pattern);
  const whole = pattern.includes("/");
  return withRepository(context, "read", async ({ repository, signal }) => {
    const wanted =
      options.snapshots.length === 0
        ? (await listInstanceSnapshots(repository)).reverse()
        : await Promise.all(
            options.snapshots.map((id) => snapshotForHere(context, repository, id)),
          );
    await repository.loadIndex();
    const matches: FindDocument["matches"] = [];
    for (const snapshot of wanted) {
      const entries: EntryDocument[] = [];
      for await (const { path, node } of walkTree(repository, snapshot.tree)) {
        signal.throwIfAborted();
        if (matchesGlob(fold((whole ? path : node.name).toString()), pattern)) {
          entries.push(entryOf(path, node));
        }
      }
      if (entries.length > 0) matches.push({ snapshot: refOf(snapshot), entries });
    }
    return { matches };
  });
}
