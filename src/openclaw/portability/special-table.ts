import type { Portability } from "./verdict.ts";

/** A channel whose session cannot be looked at: what is known of it all the same. */
export interface FixedVerdict {
  channel: string;
  verdict: Portability;
  conditions: readonly string[];
  evidence: string;
  where: string;
  afterwards: string;
  /** A page of OpenClaw's package, below `docs`. */
  source: string;
}

/** From OpenClaw's documentation of 2026.9. */
export const FIXED_VERDICTS: readonly FixedVerdict[] = [
  {
    channel: "webchat",
    verdict: "survives",
    conditions: [],
    evidence: "It is part of the gateway and needs nothing but the gateway's token.",
    where: "config",
    afterwards: "Open the Control UI at the new address, with the same gateway token.",
    source: "web/webchat.md",
  },
  {
    channel: "a2a",
    verdict: "survives if",
    conditions: ["The public URL that its peers call leads to the new machine."],
    evidence: "Peers are known by bearer tokens of the configuration.",
    where: "config",
    afterwards: "Let a peer send a task; it is answered.",
    source: "channels/a2a.md",
  },
  {
    channel: "bluebubbles",
    verdict: "must be paired again",
    conditions: [],
    evidence: "OpenClaw has removed BlueBubbles; it goes on as iMessage, on a signed-in Mac.",
    where: "another machine (the Mac)",
    afterwards: "Set up iMessage with imsg on the Mac that is signed in to Messages.",
    source: "channels/imessage-from-bluebubbles.md",
  },
  {
    channel: "raft",
    verdict: "must be paired again",
    conditions: [],
    evidence: "The Raft CLI keeps its login in a profile of its own, outside of OpenClaw.",
    where: "the Raft CLI's profile",
    afterwards: "Install the Raft CLI on the new machine and sign its profile in.",
    source: "channels/raft.md",
  },
  {
    channel: "wecom",
    verdict: "cannot be judged",
    conditions: [],
    evidence: "Its plugin is not OpenClaw's own, and where it keeps its login is not documented.",
    where: "unknown",
    afterwards: "Send a message; without an answer, log in again: see the plugin's own page.",
    source: "channels/wecom.md",
  },
  {
    channel: "openclaw-weixin",
    verdict: "cannot be judged",
    conditions: [],
    evidence:
      "A QR code has logged it in; its plugin keeps the login in the state directory, in a form that is its own.",
    where: "the state directory",
    afterwards:
      "Send a message; without an answer: openclaw channels login --channel openclaw-weixin",
    source: "channels/wechat.md",
  },
  {
    channel: "openclaw-zaloclawbot",
    verdict: "cannot be judged",
    conditions: [],
    evidence:
      "A QR code has logged it in; its plugin keeps the login in the state directory, in a form that is its own.",
    where: "the state directory",
    afterwards:
      "Send a message; without an answer: openclaw channels login --channel openclaw-zaloclawbot",
    source: "channels/zaloclawbot.md",
  },
];
