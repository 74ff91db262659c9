import type { ChannelVerdict, Portability } from "./verdict.ts";

/** What to do about one channel account after a restore or a move. */
export interface ChecklistLine {
  channel: string;
  account: string;
  verdict: Portability;
  /** What must hold for it to survive; sentences. */
  conditions: string[];
  /** What to send, and what to expect. */
  todo: string;
}

/** Those that need work first. */
const ORDER: readonly Portability[] = [
  "must be paired again",
  "cannot be judged",
  "survives if",
  "survives",
];

/** The checklist after a restore or a move: one line a channel account, the ones with work first. */
export function checklist(verdicts: readonly ChannelVerdict[]): ChecklistLine[] {
  return verdicts
    .toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))
    .map(({ channel, account, verdict, conditions, afterwards }) => {
      return { channel, account, verdict, conditions, todo: afterwards };
    });
}
