import type { InstanceCopy } from "../instance-copy.ts";
import { isDamage, stateDatabaseOf } from "./copied-database.ts";
import { endLeases } from "./coordination.ts";
import { setDeliveriesAside, waitingDeliveries } from "./deliveries.ts";
import { forgetIdentity } from "./identities.ts";
import { machineBoundLeftovers, removeLocks } from "./machine-leftovers.ts";
import { overdueJobs } from "./overdue-jobs.ts";
import type { RevivalOptions, RevivalReport } from "./report.ts";
import { settleSidecars } from "./sidecars.ts";
import { sharedWithOriginal } from "./two-copies.ts";
import { ageWorkspaceNotes } from "./workspaces.ts";

/**
 * Makes a restored copy fit to be started, and says what else is to be known. Done again it does
 * nothing more. Paths must have been rewritten before.
 */
export async function revive(copy: InstanceCopy, options: RevivalOptions): Promise<RevivalReport> {
  // First of all: the rest reads and changes databases.
  const reports = [await settleSidecars(copy), await removeLocks(copy)];
  const step = async (task: string, work: () => Promise<RevivalReport>) => {
    reports.push(await unlessDamaged(copy, task, work));
  };
  await step("leases of the old processes were not ended", () => endLeases(copy));
  await step("workspaces may be refused for a day", () => ageWorkspaceNotes(copy, options.now));
  await step("messages that were waiting may be sent again", () =>
    options.keepDeliveries ? waitingDeliveries(copy) : setDeliveriesAside(copy, options.now),
  );
  if (options.newIdentity) {
    await step("the identity of the original's device stays", () => forgetIdentity(copy));
  }
  await step("what both have is not all known", async () => {
    return { done: [], told: options.beside ? await sharedWithOriginal(copy, options) : [] };
  });
  await step("which jobs are overdue is not known", async () => {
    return { done: [], told: await overdueJobs(copy, options.now) };
  });
  return {
    done: reports.flatMap(({ done }) => done),
    told: [...reports.flatMap(({ told }) => told), ...(await machineBoundLeftovers(copy))],
  };
}

/** A damaged database comes back as it was taken: that is no reason to bring nothing back. */
async function unlessDamaged(
  copy: InstanceCopy,
  task: string,
  work: () => Promise<RevivalReport>,
): Promise<RevivalReport> {
  try {
    return await work();
  } catch (error) {
    if (!isDamage(error)) throw error;
    const what = `${stateDatabaseOf(copy)} is damaged: ${task}`;
    return {
      done: [],
      told: [{ what, why: "It was damaged when the snapshot was taken, or is now." }],
    };
  }
}
