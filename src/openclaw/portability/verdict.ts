/** How far a channel's session comes along when the instance moves or comes back. */
export type Portability = "survives" | "survives if" | "must be paired again" | "cannot be judged";

/** What can be said of one account of a messaging channel. No value of a secret is in it. */
export interface ChannelVerdict {
  /** OpenClaw's key: `telegram`, `whatsapp`, `matrix` … */
  channel: string;
  account: string;
  verdict: Portability;
  /** What must hold for it to survive; sentences. Empty but for "survives if". */
  conditions: string[];
  /** What was looked at and found; sentences. */
  evidence: string[];
  /** Where its session or token is: `config`, `environment (NAME)`, `secret reference`, or a path. */
  where: string;
  /** RFC 3339: when its session changed last; null when nothing on disk tells. */
  newest: string | null;
  /** Each use changes it: an older state put back no longer fits what the other side has. */
  ratchets: boolean;
  /** What its session is on disk, by the places at home. */
  paths: string[];
  /** For the checklist after a restore or a move: what to send, and what to expect. */
  afterwards: string;
}
