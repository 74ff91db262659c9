import type { TreeNode } from "../snapshot/node.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { findEntry, isWithin } from "../snapshot/tree-walker.ts";
import { type PartSelector, partSelector } from "./component-selector.ts";
import { notInSnapshot, snapshotPath } from "./ls.ts";
import type { Session } from "./with-repository.ts";

/** What of a snapshot somebody wants back. */
export interface WantedParts {
  /** Empty: all. */
  components: readonly string[];
  /** Ids; empty: all agents, and what they share. */
  agents: readonly string[];
  /** Absolute within the snapshot; empty: all. */
  paths: readonly string[];
}

/** Undefined: all of it is wanted. @throws E_USAGE, E_NO_SNAPSHOT */
export async function partOf(
  { repository }: Session,
  snapshot: Snapshot,
  { components, agents }: WantedParts,
): Promise<PartSelector | undefined> {
  if (components.length + agents.length === 0) return undefined;
  return partSelector(repository, snapshot, { components, agents });
}

/** Which of a snapshot's entries are wanted. @throws E_NOT_FOUND for a path that it does not have */
export async function selection(
  { repository }: Session,
  snapshot: Snapshot,
  part: PartSelector["select"] | undefined,
  paths: readonly string[],
): Promise<PartSelector["select"]> {
  if (paths.length === 0) return part ?? (() => "take");
  const wanted = paths.map(snapshotPath);
  for (const [i, path] of wanted.entries()) {
    if (path.length > 1 && (await findEntry(repository, snapshot.tree, path)) === undefined) {
      throw notInSnapshot(paths[i] as string, snapshot.id);
    }
  }
  return (path: Buffer, node: TreeNode) => {
    if (wanted.some((one) => isWithin(path, one))) return part?.(path, node) ?? "take";
    return node.type === "dir" && wanted.some((one) => isWithin(one, path)) ? "descend" : "skip";
  };
}
