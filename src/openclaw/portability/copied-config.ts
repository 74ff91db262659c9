import { dirname, join } from "node:path";
import { isTree, readConfigTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import { readDotenv } from "../config-variables.ts";
import type { Variables } from "../config-variables.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { locate } from "./locate.ts";

/** What the configuration of an instance or a copy says, values included. */
export interface CopiedConfig {
  tree: Tree;
  /** False: it is there, and cannot be read. */
  readable: boolean;
  /** Variables that come along with the instance: its own files set them. */
  own: Variables;
  /** Variables of the environment that this runs in; empty for a copy. */
  outer: Variables;
}

/** OpenClaw keeps these beside its configuration. */
const STAND_INS = ["", ".last-good", ".bak", ".bak.1"];

/**
 * @param env of this process, when it may be the one that the gateway has as well; empty for a copy
 */
export async function readCopiedConfig(copy: InstanceCopy, env: Variables): Promise<CopiedConfig> {
  const path = copy.configPath ?? join(copy.stateDir, "openclaw.json");
  let found: Tree | undefined;
  const at = async (each: string) => copy.at(await locate(copy, each));
  for (const suffix of STAND_INS) {
    found ??= (await readConfigTree(path + suffix, copy.home, at)).tree;
  }
  const tree = found ?? {};
  const dotenv = await readDotenv(await at(join(copy.stateDir, ".env")));
  const gateway = await readDotenv(await at(join(copy.home, ".config/openclaw/gateway.env")));
  const inline = { ...treeAt(tree, "env"), ...treeAt(tree, "env", "vars") };
  const texts = Object.entries(inline).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  return {
    tree,
    readable: found !== undefined || copy.configPath === undefined,
    own: { ...Object.fromEntries(texts), ...gateway, ...dotenv },
    outer: env,
  };
}

/** The settings of one account: its own over the channel's. */
export function settingsOf({ tree }: CopiedConfig, channel: string, account: string): Tree {
  const { accounts, ...shared } = treeAt(tree, "channels", channel);
  const own = isTree(accounts) ? accounts[account] : undefined;
  return { ...shared, ...(isTree(own) ? own : {}) };
}

/** Relative paths of a configuration start beside it. */
export function configDirectory({ configPath, stateDir }: InstanceCopy): string {
  return configPath === undefined ? stateDir : dirname(configPath);
}
