import { listSnapshots } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import type { SnapshotDocument } from "./documents.ts";
import { proofsAmong, standing } from "./drill/record.ts";
import {
  agentsOf,
  componentsOf,
  isCompanion,
  isComplete,
  ownTags,
  refOf,
} from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

export interface SnapshotsOptions {
  /** Only snapshots that have all of these tags. */
  tags: readonly string[];
  host?: string;
}

/** The repository's snapshots, oldest first. */
export async function snapshots(
  context: OperationContext,
  { tags, host }: SnapshotsOptions,
): Promise<SnapshotDocument[]> {
  return withRepository(context, "none", async ({ repository }) => {
    const everything = await listSnapshots(repository);
    const proofs = proofsAmong(everything);
    return everything
      .filter((snapshot) => !isCompanion(snapshot))
      .filter((snapshot) => host === undefined || snapshot.hostname === host)
      .filter((snapshot) => tags.every((tag) => snapshot.tags?.includes(tag)))
      .map((snapshot) => ({
        ...refOf(snapshot),
        hostname: snapshot.hostname,
        paths: snapshot.paths,
        tags: ownTags(snapshot),
        components: componentsOf(snapshot),
        agents: agentsOf(snapshot),
        complete: isComplete(snapshot),
        bytes: totalBytes(snapshot.summary),
        proof: standing(proofs.get(snapshot.id)) ?? null,
      }));
  });
}

/** From the summary that restic 0.17 and we write; 0 for older snapshots. */
function totalBytes(summary: Record<string, unknown> | undefined): number {
  const bytes = summary?.["total_bytes_processed"];
  return typeof bytes === "number" ? bytes : 0;
}
