import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { configuredChannels } from "../configured-channels.ts";
import type { Variables } from "../config-variables.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { CHANNEL_TABLE } from "./channel-table.ts";
import { readCopiedConfig, settingsOf } from "./copied-config.ts";
import type { CopiedConfig } from "./copied-config.ts";
import { locate } from "./locate.ts";
import { judgeByCredentials } from "./judge-by-credentials.ts";
import { judgeIMessage, judgeReef, judgeZaloUser } from "./judge-elsewhere.ts";
import { judgeMatrix } from "./judge-matrix.ts";
import { judgeSignal } from "./judge-signal.ts";
import { judgeWhatsApp } from "./judge-whatsapp.ts";
import { FIXED_VERDICTS } from "./special-table.ts";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";
import { knownTrouble } from "./trouble.ts";
import type { ChannelVerdict } from "./verdict.ts";

export interface JudgingOptions {
  now: Date;
  /** The copy is the instance itself, which a gateway may be using. */
  live: boolean;
  /** Of this process; only looked at when `live`. */
  env: Variables;
}

type Judge = (subject: Subject) => Judgement | Promise<Judgement>;

/** Channels whose session is more than what the configuration holds. */
const JUDGES: Readonly<Record<string, Judge>> = {
  whatsapp: judgeWhatsApp,
  matrix: judgeMatrix,
  signal: judgeSignal,
  imessage: judgeIMessage,
  zalouser: judgeZaloUser,
  reef: judgeReef,
};

/**
 * A verdict for every account of every channel that an instance has, sorted by channel and account.
 * Reads files, changes nothing, asks nobody. No secret is in what comes back.
 */
export async function judgeChannels(
  copy: InstanceCopy,
  options: JudgingOptions,
): Promise<ChannelVerdict[]> {
  const config = await readCopiedConfig(copy, options.live ? options.env : {});
  const verdicts: ChannelVerdict[] = [];
  for (const each of await subjectsOf(copy, config, options)) {
    const { channel, account } = each.subject;
    const found = await judge(each.subject);
    const evidence = [...found.evidence, ...each.notes, ...knownTrouble(channel, config.tree)];
    verdicts.push({ channel, account, ...found, evidence });
  }
  return verdicts;
}

async function judge(subject: Subject): Promise<Judgement> {
  const { channel } = subject;
  const own = JUDGES[channel];
  if (own !== undefined) return own(subject);
  const kind = CHANNEL_TABLE.find((each) => each.channel === channel);
  if (kind !== undefined) return judgeByCredentials(kind, subject);
  const fixed = FIXED_VERDICTS.find((each) => each.channel === channel);
  if (fixed !== undefined) {
    const { verdict, conditions, evidence, where, afterwards } = fixed;
    return judgement({
      verdict,
      conditions: [...conditions],
      evidence: [evidence],
      where,
      afterwards,
    });
  }
  return judgement({
    verdict: "cannot be judged",
    evidence: ["This channel is not known here."],
    where: "unknown",
    afterwards: "Send it a message; without an answer, set it up again.",
  });
}

interface FoundSubject {
  subject: Subject;
  notes: string[];
}

/** What the configuration names, and what has left a session on disk all the same. */
export async function subjectsOf(
  copy: InstanceCopy,
  config: CopiedConfig,
  { now }: JudgingOptions,
): Promise<FoundSubject[]> {
  const found = new Map<string, FoundSubject>();
  const add = (channel: string, account: string, notes: string[]) => {
    const settings = settingsOf(config, channel, account);
    const key = `${channel}\0${account}`;
    if (!found.has(key)) {
      found.set(key, { subject: { copy, config, channel, account, settings, now }, notes });
    }
  };
  for (const each of configuredChannels(config.tree, { ...config.outer, ...config.own })) {
    add(each.channel, each.account, each.enabled ? [] : ["It is switched off."]);
  }
  const unnamed = config.readable
    ? "The configuration does not name it."
    : "The configuration cannot be read: this is what is on disk.";
  for (const [channel, place] of [
    ["whatsapp", "credentials/whatsapp"],
    ["matrix", "matrix/accounts"],
  ] as const) {
    for (const account of await directoriesIn(
      copy.at(await locate(copy, join(copy.stateDir, place))),
    )) {
      add(channel, account, [unnamed]);
    }
  }
  return [...found.values()].toSorted((a, b) => {
    return (
      compare(a.subject.channel, b.subject.channel) || compare(a.subject.account, b.subject.account)
    );
  });
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
