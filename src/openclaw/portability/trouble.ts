import { treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";

/** Trouble that people of some releases have had with a channel, and that OpenClaw's tracker has. */
interface Trouble {
  channel: string;
  /** The releases that it was reported of: from, to, both included. */
  from: string;
  to: string;
  /** One sentence. */
  what: string;
  /** Numbers of OpenClaw's issues. */
  issues: readonly string[];
}

/** Only what is in OpenClaw's tracker, and only of the releases that are named there. */
const TROUBLE: readonly Trouble[] = [
  {
    channel: "whatsapp",
    from: "2026.2.6",
    to: "2026.2.9",
    what: "After a burst of Bad MAC errors incoming messages stop, while it shows as linked",
    issues: ["14146"],
  },
  {
    channel: "whatsapp",
    from: "2026.2.23",
    to: "2026.2.23",
    what: "A session that lives twice (status 440) is tried again without end",
    issues: ["25591"],
  },
  {
    channel: "whatsapp",
    from: "2026.3.12",
    to: "2026.3.13",
    what: "After linking again the session may drop with 401, and sending finds no listener",
    issues: ["51012", "46188"],
  },
  {
    channel: "whatsapp",
    from: "2026.4.29",
    to: "2026.4.29",
    what: "The QR code for linking is not shown",
    issues: ["75833"],
  },
  {
    channel: "whatsapp",
    from: "2026.6.1",
    to: "2026.6.5",
    what: "Updating the WhatsApp plugin deletes the session: link it again afterwards",
    issues: ["92546"],
  },
  {
    channel: "whatsapp",
    from: "2026.9.2",
    to: "2026.9.2",
    what: "Linking fails in the Control UI and works in a terminal (openclaw channels login)",
    issues: ["144977"],
  },
];

/** What is known of a channel for the release that wrote the configuration last; sentences. */
export function knownTrouble(channel: string, config: Tree): string[] {
  const version = treeAt(config, "meta")["lastTouchedVersion"];
  if (typeof version !== "string") return [];
  return TROUBLE.filter(
    (each) =>
      each.channel === channel && order(each.from, version) <= 0 && order(version, each.to) <= 0,
  ).map(({ what, issues }) => {
    const list = issues.map((number) => `#${number}`).join(", ");
    return `Known of OpenClaw ${version}: ${what} (${list}).`;
  });
}

/** By year, month and number; what follows a dash is of the same release. */
function order(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/, 3).map(Number));
  for (const [index, number] of (left ?? []).entries()) {
    const difference = number - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
