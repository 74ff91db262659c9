import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import { configuredChannels } from "../configured-channels.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { copiedConfig } from "./copied-config.ts";
import { hasColumns, readStateDatabase } from "./copied-database.ts";
import { scheduledJobs } from "./overdue-jobs.ts";
import type { Told } from "./report.ts";

/** What OpenClaw listens on where the configuration says nothing. */
const DEFAULT_PORT = 18_789;
const CONNECT_MS = 500;

/** What goes wrong when two have it. */
const SHARED: Readonly<Record<string, string>> = {
  whatsapp:
    "Its keys move on with every message. Of two that use them one falls out of step, and has to be paired again after a wait.",
  matrix: "Two devices with one crypto store can no longer read what is sent to them.",
  signal: "Two that use one account's keys fall out of step, and have to be linked again.",
  telegram: "Telegram gives each message to one of two pollers, and refuses the other.",
};
const SHARED_TOKEN = "Both use one token: both answer each message, or the service refuses one.";

/** What a copy shares with an original that lives on beside it. */
export async function sharedWithOriginal(
  copy: InstanceCopy,
  options: { newIdentity: boolean },
): Promise<Told[]> {
  const config = await copiedConfig(copy);
  return [
    ...(options.newIdentity ? [] : await sameDevice(copy)),
    ...sameSecret(config),
    await samePort(config),
    ...(await sameChannels(copy, config)),
    ...(await sameJobs(copy)),
  ];
}

async function sameDevice(copy: InstanceCopy): Promise<Told[]> {
  using database = await readStateDatabase(copy);
  const isInDatabase =
    database !== undefined &&
    hasColumns(database, "device_identities", []) &&
    database.prepare("SELECT 1 FROM device_identities").get() !== undefined;
  const files = await readdir(copy.at(join(copy.stateDir, "identity"))).catch((): string[] => []);
  if (!isInDatabase && !files.includes("device.json")) return [];
  return [
    {
      what: "Both are the same device, with one private key",
      why: "Who has paired with the one takes the other for it. `--new-identity` gives the copy its own.",
    },
  ];
}

function sameSecret(config: Tree): Told[] {
  const { token, password } = treeAt(config, "gateway", "auth");
  if (token === undefined && password === undefined) return [];
  return [
    {
      what: "Both gateways have the same token or password",
      why: "Whoever may speak to the one may speak to the other.",
      command: ["openclaw", "config", "set", "gateway.auth.token", "<a new one>"],
    },
  ];
}

async function samePort(config: Tree): Promise<Told> {
  const configured = treeAt(config, "gateway")["port"];
  const port = typeof configured === "number" ? configured : DEFAULT_PORT;
  const isTaken = await answers(port);
  return {
    what: `Both gateways use port ${port}${isTaken ? ", where one is listening now" : ""}`,
    why: "The second does not start, and commands meant for the copy reach the original.",
    command: ["openclaw", "config", "set", "gateway.port", "<another>"],
  };
}

/** Whether something listens on a port of this machine. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: CONNECT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

async function sameChannels(copy: InstanceCopy, config: Tree): Promise<Told[]> {
  const channels = configuredChannels(config, {}).filter(({ enabled }) => enabled);
  const accounts = channels.map(({ channel, account }) => ({ channel, account }));
  for (const [channel, place] of [
    ["whatsapp", "credentials/whatsapp"],
    ["matrix", "matrix/accounts"],
  ] as const) {
    for (const account of await readdir(copy.at(join(copy.stateDir, place))).catch(
      (): string[] => [],
    )) {
      const isKnown = accounts.some((one) => one.channel === channel && one.account === account);
      if (!isKnown) accounts.push({ channel, account });
    }
  }
  return accounts.map(({ channel, account }) => ({
    what: `Both have the ${channel} account ${JSON.stringify(account)}`,
    why: SHARED[channel] ?? SHARED_TOKEN,
    command: ["openclaw", "config", "set", `channels.${channel}.enabled`, "false"],
  }));
}

async function sameJobs(copy: InstanceCopy): Promise<Told[]> {
  const jobs = await scheduledJobs(copy);
  if (jobs.length === 0) return [];
  return [
    {
      what: `Both run the same cron jobs: ${jobs.length}`,
      why: "What a job does or sends happens twice. With OPENCLAW_SKIP_CRON=1 in its environment a gateway runs none.",
    },
  ];
}
