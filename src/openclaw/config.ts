import { dirname, join, resolve } from "node:path";
import { mentionsIn } from "./config-mentions.ts";
import { resolvePaths } from "./config-paths.ts";
import type { ConfigPath } from "./config-paths.ts";
import { servicesIn } from "./config-services.ts";
import type { ConfiguredService } from "./config-services.ts";
import { configuredChannels } from "./configured-channels.ts";
import type { Channel } from "./configured-channels.ts";
import {
  agentIdsIn,
  defaultAgentIn,
  referencesIn,
  scanForReferences,
} from "./config-references.ts";
import type { Reference } from "./config-references.ts";
import { readConfigTree, treeAt } from "./config-tree.ts";
import type { ConfigTree, Problem, Tree } from "./config-tree.ts";
import { readDotenv } from "./config-variables.ts";
import type { Variables } from "./config-variables.ts";
import type { Instance } from "./find-instance.ts";
import type { CallingText } from "./scripts.ts";
import { pathsIn } from "./path-tokens.ts";
import { repairedTree } from "./repaired-config.ts";
import { expandTilde, variable } from "./user-paths.ts";

/** What a backup needs to know of a configuration. No values but names and paths. */
export interface ConfigFacts {
  path: string | undefined;
  present: boolean;
  /** False when the main file is malformed; the facts are then what could be made out. */
  parsed: boolean;
  /** Unreadable files, broken syntax, references that lead nowhere. */
  problems: Problem[];
  /** The configuration, what it includes, and the files that hold its secrets; those that exist. */
  files: { path: string; kind: "config" | "include" | "secret" }[];
  workspaces: ConfigPath[];
  agentDirs: ConfigPath[];
  /** All other paths that the configuration names. */
  others: ConfigPath[];
  agents: string[];
  /** The agent that is meant where none is named. */
  defaultAgent: string;
  channels: Channel[];
  gatewayPort: number | undefined;
  /** The ids under `plugins.entries`. */
  plugins: string[];
  /** The plugins and addresses in use. */
  services: ConfiguredService[];
  /** The absolute paths that its strings mention: what it may call. */
  mentions: CallingText[];
  /** The release that wrote the file last. */
  lastTouchedVersion: string | undefined;
}

/** OpenClaw keeps these beside its configuration; the freshest that can be read stands in for it. */
const STAND_INS = [".last-good", ".bak", ".bak.1"];

/**
 * Reads an instance's configuration, whatever state it is in. Never throws for what the files
 * hold: a malformed configuration is the day on which a backup is wanted most.
 */
export async function readConfig(instance: Instance, env: Variables): Promise<ConfigFacts> {
  const path = instance.configPath ?? join(instance.stateDir, "openclaw.json");
  const main = await readConfigTree(path, instance.home);
  if (instance.configPath === undefined) main.problems = [];
  // The file itself says more than the copy that stands in for it, as far as it can be read.
  const repaired = main.tree === undefined ? repairedTree(main.text ?? "") : undefined;
  const tree = main.tree ?? (await standInFor(path, instance.home)) ?? repaired ?? {};
  const variables = await variablesOf(instance, env, tree);
  const problems = [...main.problems];

  const scanned = main.tree === undefined ? scanForReferences(main.text ?? "") : undefined;
  const included = await readScannedIncludes(scanned?.includes ?? [], path, instance.home);
  const references = [
    ...referencesIn(tree),
    ...(repaired === undefined ? [] : referencesIn(repaired)),
    ...(scanned?.references ?? []),
    ...included.flatMap((file) => [...(file.tree === undefined ? [] : referencesIn(file.tree))]),
    ...fromEnvironment(variables, tree),
  ];
  problems.push(...included.flatMap((file) => file.problems));

  const paths = await resolvePaths(references, { instance, path, variables, problems });
  const includes = [...main.files, ...included.flatMap((file) => file.files)];
  const secrets = paths.filter(({ kind, exists }) => kind === "secret" && exists);
  return {
    path: instance.configPath,
    present: main.files.includes(path),
    parsed: main.tree !== undefined,
    problems,
    files: [
      ...[...new Set(includes)].map((file) => {
        return { path: file, kind: file === path ? ("config" as const) : ("include" as const) };
      }),
      ...secrets.map((secret) => ({ path: secret.path, kind: "secret" as const })),
    ],
    workspaces: paths.filter(({ kind }) => kind === "workspace"),
    agentDirs: paths.filter(({ kind }) => kind === "agentDir"),
    others: paths.filter(({ kind }) => kind !== "workspace" && kind !== "agentDir"),
    agents: agentIdsIn(tree),
    defaultAgent: defaultAgentIn(tree),
    channels: configuredChannels(tree, variables),
    gatewayPort: portIn(tree),
    plugins: Object.keys(treeAt(tree, "plugins", "entries")),
    services: servicesIn(tree),
    mentions: [
      ...mentionsIn(tree, variables, instance.home),
      ...pathsIn(main.tree === undefined ? (main.text ?? "") : "", instance.home).map((text) => {
        return { text, at: "the configuration" };
      }),
    ],
    lastTouchedVersion: textAt(treeAt(tree, "meta"), "lastTouchedVersion"),
  };
}

async function standInFor(path: string, home: string): Promise<Tree | undefined> {
  for (const suffix of STAND_INS) {
    const { tree } = await readConfigTree(path + suffix, home);
    if (tree !== undefined) return tree;
  }
  return undefined;
}

function readScannedIncludes(
  includes: readonly string[],
  configPath: string,
  home: string,
): Promise<ConfigTree[]> {
  return Promise.all(
    includes.map((target) => {
      return readConfigTree(resolve(dirname(configPath), expandTilde(target, home)), home);
    }),
  );
}

/** In OpenClaw's order of precedence (docs/help/environment.md of its package). */
async function variablesOf(instance: Instance, env: Variables, tree: Tree): Promise<Variables> {
  const dotenv = await readDotenv(join(instance.stateDir, ".env"));
  const gateway = await readDotenv(join(instance.home, ".config/openclaw/gateway.env"));
  const inline = { ...treeAt(tree, "env"), ...treeAt(tree, "env", "vars") };
  const texts = Object.entries(inline).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  return { ...Object.fromEntries(texts), ...gateway, ...dotenv, ...env };
}

/** `OPENCLAW_WORKSPACE_DIR` holds where the configuration names no workspace of its own. */
function fromEnvironment(variables: Variables, tree: Tree): Reference[] {
  const written = variable(variables, "OPENCLAW_WORKSPACE_DIR");
  const configured = textAt(treeAt(tree, "agents", "defaults"), "workspace");
  if (written === undefined || configured !== undefined) return [];
  return [{ kind: "workspace", written, at: "OPENCLAW_WORKSPACE_DIR" }];
}

function portIn(tree: Tree): number | undefined {
  const port = treeAt(tree, "gateway")["port"];
  return typeof port === "number" && Number.isInteger(port) ? port : undefined;
}

function textAt(tree: Tree, key: string): string | undefined {
  const value = tree[key];
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
