import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigFacts } from "./config.ts";
import type { Channel } from "./configured-channels.ts";
import type { Instance } from "./find-instance.ts";
import { variable } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/**
 * The messaging channels of an instance: what the configuration names, and what has left a session
 * on disk. Sorted by channel and account.
 */
export async function listChannels(
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
): Promise<Channel[]> {
  const configured = await Promise.all(
    config.channels.map((channel) => withSession(channel, instance, config, surroundings)),
  );
  const onDisk = await sessionsOnDisk(instance);
  const known = new Set(configured.map(keyOf));
  return [...configured, ...onDisk.filter((channel) => !known.has(keyOf(channel)))].toSorted(
    (a, b) => compare(a.channel, b.channel) || compare(a.account, b.account),
  );
}

/** These keep more than a token: their session is a place on disk. */
async function withSession(
  channel: Channel,
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
): Promise<Channel> {
  const at = sessionPlace(channel, instance, config, surroundings);
  return at === undefined ? channel : { ...channel, where: at, present: await exists(at) };
}

function sessionPlace(
  { channel, account, where }: Channel,
  { stateDir }: Instance,
  config: ConfigFacts,
  { env, home }: Surroundings,
): string | undefined {
  const named = (kind: string) =>
    config.others.find((reference) => {
      const isOurs =
        reference.at.includes(`accounts.${account}.`) || !/accounts/.test(reference.at);
      return reference.kind === kind && reference.at.startsWith(`channels.${channel}.`) && isOurs;
    })?.path;
  switch (channel) {
    case "whatsapp":
      return join(
        named("credentials") ?? join(stateDir, "credentials/whatsapp", account),
        "creds.json",
      );
    case "matrix":
      return join(stateDir, "matrix/accounts", account);
    case "signal": {
      const data = variable(env, "XDG_DATA_HOME") ?? join(home, ".local/share");
      return named("signal") ?? join(data, "signal-cli");
    }
    case "imessage":
      return join(home, "Library/Messages/chat.db");
    default:
      return where === "file" ? named("secret") : undefined;
  }
}

async function sessionsOnDisk({ stateDir }: Instance): Promise<Channel[]> {
  const whatsapp = await directoriesIn(join(stateDir, "credentials/whatsapp"));
  const matrix = await directoriesIn(join(stateDir, "matrix/accounts"));
  const onDisk = (channel: string, account: string, where: string): Channel => {
    return { channel, account, enabled: false, where, present: true };
  };
  return [
    ...whatsapp.map((account) => {
      return onDisk("whatsapp", account, join(stateDir, "credentials/whatsapp", account));
    }),
    ...matrix.map((account) => {
      return onDisk("matrix", account, join(stateDir, "matrix/accounts", account));
    }),
  ];
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function keyOf({ channel, account }: Channel): string {
  return `${channel}/${account}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
