import type { InstanceCopy } from "../instance-copy.ts";
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
  const steps = [await settleSidecars(copy)];
  steps.push(await removeLocks(copy));
  steps.push(await endLeases(copy));
  steps.push(await ageWorkspaceNotes(copy, options.now));
  const deliveries = options.keepDeliveries
    ? await waitingDeliveries(copy)
    : await setDeliveriesAside(copy, options.now);
  steps.push(deliveries);
  if (options.newIdentity) steps.push(await forgetIdentity(copy));
  const told = [
    ...(options.beside ? await sharedWithOriginal(copy, options) : []),
    ...(await overdueJobs(copy, options.now)),
    ...(await machineBoundLeftovers(copy)),
  ];
  return {
    done: steps.flatMap((step) => step.done),
    told: [...steps.flatMap((step) => step.told), ...told],
  };
}
