import { hostname } from "node:os";
import { hasCode } from "../errors.ts";
import { findInstance, statePlaces } from "../openclaw/find-instance.ts";
import type { Repository } from "../repository/repository.ts";
import { listSnapshots, resolveSnapshot, type Snapshot } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import { isWhole } from "./snapshot-documents.ts";

/**
 * The snapshot that a person means. Where several machines share a repository, `latest` is the
 * newest whole snapshot of this machine's instance; without one, the newest of this machine; then
 * the newest of all.
 *
 * @returns a note when `latest` is not of this machine's instance
 * @throws E_NO_SNAPSHOT, E_AMBIGUOUS_ID
 */
export async function resolveForHere(
  context: OperationContext,
  repository: Repository,
  wanted: string,
): Promise<{ snapshot: Snapshot; note?: string }> {
  if (wanted !== "latest") return { snapshot: await resolveSnapshot(repository, wanted) };
  const whole = (await listSnapshots(repository)).filter(isWhole);
  const ofThisHost = whole.filter((each) => each.hostname === hostname());
  for (const place of await placesHere(context)) {
    const own = ofThisHost.findLast(({ paths }) => paths[0] === place);
    if (own !== undefined) return { snapshot: own };
  }
  const other = ofThisHost.at(-1) ?? whole.at(-1);
  // Says why there is none.
  if (other === undefined) return { snapshot: await resolveSnapshot(repository, wanted, isWhole) };
  const origin = `${other.paths.join(", ")} on the machine ${other.hostname}`;
  const note = `There is no whole snapshot of the instance here: this is the latest of ${origin}.`;
  return { snapshot: other, note };
}

/** The same for those who only look: a path tells them whose it is. */
export async function snapshotForHere(
  context: OperationContext,
  repository: Repository,
  wanted: string,
): Promise<Snapshot> {
  return (await resolveForHere(context, repository, wanted)).snapshot;
}

/** Where the instance's state is; when it is gone, where it may have been. */
async function placesHere({ env, home, instance }: OperationContext): Promise<string[]> {
  const query = { env, home, platform: process.platform, ...instance };
  const found = await findInstance(query).catch((error: unknown) => {
    if (!hasCode(error, "E_NO_INSTANCE")) throw error;
  });
  return found === undefined ? await statePlaces(query) : [found.stateDir];
}
