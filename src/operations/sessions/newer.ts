import type { ChannelVerdict } from "../../openclaw/portability/verdict.ts";
import type { Repository } from "../../repository/repository.ts";
import { parseTime } from "../../snapshot/go-time.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import { findEntry } from "../../snapshot/tree-walker.ts";
import { listInstanceSnapshots, refOf } from "../snapshot-documents.ts";

/** A later state of a session than the one that is looked at. */
export interface Newer {
  /** "in the live instance", "in snapshot 1a2b3c4d". */
  where: string;
  /** RFC 3339. */
  time: string;
}

/** The live one, when it has moved on since and is sound. */
export function newerHere(
  verdict: ChannelVerdict,
  live: readonly ChannelVerdict[],
): Newer | undefined {
  const same = live.find(({ channel, account }) => {
    return channel === verdict.channel && account === verdict.account;
  });
  const newest = same?.verdict === "must be paired again" ? undefined : (same?.newest ?? undefined);
  if (newest === undefined || verdict.newest === null || newest <= verdict.newest) return undefined;
  return { where: "in the live instance", time: newest };
}

/**
 * The latest of the later snapshots of the same instance in which the session is another: what it
 * is on disk has another tree or other contents.
 */
export async function newerInRepository(
  repository: Repository,
  snapshot: Snapshot,
  { paths }: ChannelVerdict,
): Promise<Newer | undefined> {
  const taken = parseTime(snapshot.time);
  const later = (await listInstanceSnapshots(repository)).filter((each) => {
    const isSame = each.hostname === snapshot.hostname && each.paths[0] === snapshot.paths[0];
    return isSame && parseTime(each.time) > taken;
  });
  const own = await stateOf(repository, snapshot, paths);
  for (const each of later.toReversed()) {
    const state = await stateOf(repository, each, paths);
    if (state === undefined || state === own) continue;
    const { shortId, time } = refOf(each);
    return { where: `in snapshot ${shortId}`, time };
  }
  return undefined;
}

/** What tells two states of the same paths apart; undefined: it is not in the snapshot. */
async function stateOf(
  repository: Repository,
  { tree }: Snapshot,
  paths: readonly string[],
): Promise<string | undefined> {
  const states: string[] = [];
  for (const path of paths) {
    const node = (await findEntry(repository, tree, Buffer.from(path)))?.node;
    if (node !== undefined) states.push(node.subtree ?? (node.content ?? []).join());
  }
  return states.length === 0 ? undefined : states.join("\n");
}
