import { isTree, treeAt } from "./config-tree.ts";
import type { Tree } from "./config-tree.ts";
import type { Variables } from "./config-variables.ts";

/** One account of a messaging channel. */
export interface Channel {
  /** OpenClaw's key: `telegram`, `whatsapp`, `matrix` … */
  channel: string;
  account: string;
  enabled: boolean;
  /** Where its session or token is: `config`, `environment`, `secret reference`, `file`, or a path. */
  where: string;
  /** Whether it is really there. */
  present: boolean;
}

/** Keys under `channels` that are settings for all of them. */
const NOT_CHANNELS = new Set(["defaults", "modelByChannel"]);

const CREDENTIAL =
  /^(botToken|token|appToken|userToken|accessToken|password|apiKey|secret|botSecret|appSecret|clientSecret|channelAccessToken|signingSecret|serviceAccount|nsec|privateKey|authToken)$/;

const FROM_ENVIRONMENT: Readonly<Record<string, string>> = {
  telegram: "TELEGRAM_BOT_TOKEN",
  discord: "DISCORD_BOT_TOKEN",
  slack: "SLACK_BOT_TOKEN",
  matrix: "MATRIX_ACCESS_TOKEN",
};

/** The channels that a configuration names, and where their tokens are. No value leaves here. */
export function configuredChannels(tree: Tree, variables: Variables): Channel[] {
  const channels = Object.entries(treeAt(tree, "channels"));
  return channels
    .filter(([channel, value]) => isTree(value) && !NOT_CHANNELS.has(channel))
    .flatMap(([channel, value]) => accountsOf(channel, value as Tree, variables));
}

function accountsOf(channel: string, settings: Tree, variables: Variables): Channel[] {
  const named = Object.entries(treeAt(settings, "accounts"));
  const own = tokenOf(settings, variables) !== undefined;
  const accounts: [string, unknown][] =
    named.length === 0 || (own && !named.some(([account]) => account === "default"))
      ? [["default", {}], ...named]
      : named;
  const enabled = settings["enabled"] !== false;
  return accounts.map(([account, value]) => {
    const details = isTree(value) ? value : {};
    const fallback = account === "default" ? fromEnvironment(channel, variables) : undefined;
    const token = tokenOf(details, variables) ?? tokenOf(settings, variables) ?? fallback;
    return {
      channel,
      account,
      enabled: enabled && details["enabled"] !== false,
      ...(token ?? { where: "config", present: false }),
    };
  });
}

type Token = Pick<Channel, "where" | "present">;

function tokenOf(settings: Tree, variables: Variables): Token | undefined {
  for (const [key, value] of Object.entries(settings)) {
    if (key === "tokenFile" && typeof value === "string") return { where: "file", present: true };
    if (!CREDENTIAL.test(key)) continue;
    if (isTree(value)) return { where: "secret reference", present: true };
    if (typeof value !== "string" || value === "") continue;
    const name = /^\$\{([A-Z_][A-Z0-9_]*)\}$/.exec(value)?.[1];
    if (name === undefined) return { where: "config", present: true };
    return { where: `environment (${name})`, present: Boolean(variables[name]) };
  }
  return undefined;
}

function fromEnvironment(channel: string, variables: Variables): Token | undefined {
  const name = FROM_ENVIRONMENT[channel];
  if (name === undefined || !variables[name]) return undefined;
  return { where: `environment (${name})`, present: true };
}
