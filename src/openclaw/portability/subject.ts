import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import type { CopiedConfig } from "./copied-config.ts";
import type { ChannelVerdict } from "./verdict.ts";

/** One account of a channel that is to be judged. */
export interface Subject {
  copy: InstanceCopy;
  config: CopiedConfig;
  channel: string;
  account: string;
  /** The account's settings over the channel's. */
  settings: Tree;
  now: Date;
}

/** What a channel's judge finds; who it is of is added. */
export type Judgement = Omit<ChannelVerdict, "channel" | "account">;

/** A judgement where nothing is known but what is given. */
export function judgement(
  given: Pick<Judgement, "verdict" | "where" | "afterwards"> & Partial<Judgement>,
): Judgement {
  return { conditions: [], evidence: [], newest: null, ratchets: false, paths: [], ...given };
}
