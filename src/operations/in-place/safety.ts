import { ClawbackError, messageOf } from "../../errors.ts";
import { backup } from "../backup.ts";
import type { OperationContext } from "../context.ts";
import type { SnapshotRef } from "../documents.ts";
import { SAFETY_TAG } from "../snapshot-documents.ts";

/**
 * A snapshot of what is there, for the case that even the undo is gone. What is broken in it does
 * not keep anybody from restoring: that is told.
 *
 * @throws whatever keeps the repository from taking one, with the way to go without
 */
export async function takeSafetySnapshot(
  context: OperationContext,
): Promise<{ snapshot: SnapshotRef | null; warnings: string[] }> {
  context.progress.note("taking a snapshot of what is there");
  try {
    const { snapshot, errors, damaged } = await backup(context, {
      components: [],
      agents: [],
      exclude: [],
      tags: ["before-restore", SAFETY_TAG],
      verify: false,
      gateway: "keep-running",
      dryRun: false,
    });
    const lacking = [...errors, ...damaged].length;
    const warnings =
      lacking === 0
        ? []
        : [
            `the snapshot of what was there lacks ${lacking} files that could not be read or are damaged`,
          ];
    return { snapshot, warnings };
  } catch (error) {
    if (!(error instanceof ClawbackError) || error.code === "E_INTERRUPTED") throw error;
    throw new ClawbackError(
      error.code,
      `no snapshot of what is there could be taken: ${messageOf(error)}`,
      { hint: "Nothing was changed. To restore without one: --no-safety-snapshot", cause: error },
    );
  }
}
