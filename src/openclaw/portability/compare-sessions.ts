import type { InstanceCopy } from "../instance-copy.ts";
import { judgeChannels } from "./judge-channels.ts";
import type { ChannelVerdict } from "./verdict.ts";

/** What a person may ask for: `--sessions`. */
export type SessionsMode = "live" | "snapshot" | "newest";

/** Which of two sessions a restore in place keeps. */
export interface SessionChoice {
  channel: string;
  account: string;
  keep: "live" | "snapshot";
  /** One clause. */
  why: string;
  /** What the session is on disk, on either side, by the places at home; absolute. */
  paths: string[];
}

/**
 * For every session that ratchets: whether a restore in place keeps what is live or takes what the
 * snapshot has. Without a mode the live one stays, unless it is gone or damaged and the snapshot's
 * is not: an older state put back no longer fits what the other side has.
 *
 * @param live the instance itself; its `at` is identity
 */
export async function compareSessions(
  live: InstanceCopy,
  snapshot: InstanceCopy,
  mode?: SessionsMode,
): Promise<SessionChoice[]> {
  const options = { now: new Date(), live: false, env: {} };
  const here = ratcheting(await judgeChannels(live, options));
  const there = ratcheting(await judgeChannels(snapshot, options));
  const keys = [...new Set([...here.keys(), ...there.keys()])].toSorted();
  return keys.flatMap((key) => {
    const [ours, theirs] = [here.get(key), there.get(key)];
    const one = ours ?? theirs;
    if (one === undefined) return [];
    const { channel, account } = one;
    const paths = [...new Set([...(ours?.paths ?? []), ...(theirs?.paths ?? [])])];
    return [{ channel, account, ...choose(ours, theirs, mode), paths }];
  });
}

/** Those that have something on disk. */
function ratcheting(verdicts: readonly ChannelVerdict[]): Map<string, ChannelVerdict> {
  const those = verdicts.filter(({ ratchets, paths }) => ratchets && paths.length > 0);
  return new Map(those.map((each) => [`${each.channel}\0${each.account}`, each]));
}

function choose(
  live: ChannelVerdict | undefined,
  snapshot: ChannelVerdict | undefined,
  mode: SessionsMode | undefined,
): Pick<SessionChoice, "keep" | "why"> {
  if (snapshot === undefined) return { keep: "live", why: "the snapshot has none" };
  if (live === undefined) return { keep: "snapshot", why: "there is none here" };
  if (mode === "live" || mode === "snapshot") return { keep: mode, why: "as asked for" };
  if (isDamaged(live) && !isDamaged(snapshot)) {
    return { keep: "snapshot", why: "the one here is damaged" };
  }
  if (mode === undefined) return { keep: "live", why: "it moves on with each message" };
  const isNewer = (snapshot.newest ?? "") > (live.newest ?? "");
  return isNewer && live.newest !== null
    ? { keep: "snapshot", why: "it is the newest" }
    : { keep: "live", why: "it is the newest" };
}

function isDamaged({ verdict }: ChannelVerdict): boolean {
  return verdict === "must be paired again";
}
