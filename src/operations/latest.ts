import { hostname } from "node:os";
import { ClawbackError, hasCode } from "../errors.ts";
import { findInstance, statePlaces } from "../openclaw/find-instance.ts";
import type { Repository } from "../repository/repository.ts";
import { parseTime } from "../snapshot/go-time.ts";
import { listSnapshots, resolveSnapshot, type Snapshot } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import { isSafety, isWhole } from "./snapshot-documents.ts";

/**
 * The snapshot that a person means. Where several machines share a repository, `latest` is the
 * newest whole snapshot of this machine's instance; without one, the newest of this machine; then
 * the newest of all. A moment means the latest of what had been taken until then.
 *
 * @returns a note when that is not of this machine's instance
 * @throws E_NO_SNAPSHOT, E_AMBIGUOUS_ID
 */
export async function resolveForHere(
  context: OperationContext,
  repository: Repository,
  wanted: string | Date,
): Promise<{ snapshot: Snapshot; note?: string }> {
  if (typeof wanted === "string" && wanted !== "latest") {
    return { snapshot: await resolveSnapshot(repository, wanted) };
  }
  const all = (await listSnapshots(repository)).filter(isMeant);
  const whole = wanted instanceof Date ? all.filter(takenUntil(wanted)) : all;
  const ofThisHost = whole.filter((each) => each.hostname === hostname());
  for (const place of await placesHere(context)) {
    const own = ofThisHost.findLast(({ paths }) => paths[0] === place);
    if (own !== undefined) return { snapshot: own };
  }
  const other = ofThisHost.at(-1) ?? whole.at(-1);
  // Says why there is none.
  if (other === undefined) {
    if (wanted instanceof Date && all.length > 0) throw noneUntil(wanted, all[0] as Snapshot);
    return { snapshot: await resolveSnapshot(repository, "latest", isMeant) };
  }
  const origin = `${other.paths.join(", ")} on the machine ${other.hostname}`;
  const note = `There is no whole snapshot of the instance here: this is the latest of ${origin}.`;
  return { snapshot: other, note };
}

/** The same for those who only look: a path tells them whose it is. */
export async function snapshotForHere(
  context: OperationContext,
  repository: Repository,
  wanted: string | Date,
): Promise<Snapshot> {
  return (await resolveForHere(context, repository, wanted)).snapshot;
}

/** What was put aside before a restore in place would undo that restore. */
function isMeant(snapshot: Snapshot): boolean {
  return isWhole(snapshot) && !isSafety(snapshot);
}

function takenUntil(moment: Date): (snapshot: Snapshot) => boolean {
  return ({ time }) => timeOf(time) <= moment.getTime();
}

function noneUntil(moment: Date, oldest: Snapshot): ClawbackError {
  const at = (ms: number) => new Date(ms).toISOString();
  return new ClawbackError(
    "E_NO_SNAPSHOT",
    `there is no snapshot from before ${at(moment.getTime())}: the oldest is of ${at(timeOf(oldest.time))}`,
    { hint: "run `clawback snapshots` to see what there is" },
  );
}

/** Milliseconds. */
function timeOf(time: string): number {
  return Number(parseTime(time) / 1_000_000n);
}

/** Where the instance's state is; when it is gone, where it may have been. */
async function placesHere({ env, home, instance }: OperationContext): Promise<string[]> {
  const query = { env, home, platform: process.platform, ...instance };
  const found = await findInstance(query).catch((error: unknown) => {
    if (!hasCode(error, "E_NO_INSTANCE")) throw error;
  });
  return found === undefined ? await statePlaces(query) : [found.stateDir];
}
