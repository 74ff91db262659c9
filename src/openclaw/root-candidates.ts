import { readdir, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { classify } from "./classify.ts";
import type { ConfigFacts, ConfigPath } from "./config.ts";
import type { Instance } from "./find-instance.ts";
import type { Component } from "./rules.ts";
import { serviceFiles } from "./service-files.ts";
import { isWithin, variable } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

export type RootKind =
  | ConfigPath["kind"]
  | "state"
  | "config"
  | "include"
  | "environment"
  | "service"
  | "linked";

/** A place that may belong to an instance, not looked at yet. */
export interface Candidate {
  kind: RootKind;
  path: string;
  component: Component;
  secret: boolean;
  agentId?: string;
  /** Which part of the state directory it is that lies elsewhere. */
  statePath?: string;
  why: string;
  /** Nothing is amiss when it is not there. */
  optional: boolean;
}

const COMPONENT_OF: Readonly<Record<RootKind, Component>> = {
  state: "other",
  config: "config",
  include: "config",
  environment: "config",
  service: "config",
  secret: "credentials",
  credentials: "credentials",
  signal: "credentials",
  workspace: "workspace",
  memory: "workspace",
  agentDir: "database",
  sessions: "sessions",
  cron: "cron",
  skills: "skills",
  plugins: "other",
  hooks: "other",
  script: "other",
  linked: "other",
};

const SECRET_KINDS: ReadonlySet<RootKind> = new Set([
  "config",
  "include",
  "environment",
  "service",
  "secret",
  "credentials",
  "signal",
  "sessions",
] as const);

/** The state directory first, then everything that is named or usual outside of it. */
export async function rootCandidates(
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
): Promise<Candidate[]> {
  const { stateDir } = instance;
  const workspaces = config.workspaces.map(({ path }) => path);
  const personalSkills = join(surroundings.home, ".agents/skills");
  const skillDirs = [
    join(stateDir, "skills"),
    personalSkills,
    ...[join(stateDir, "workspace"), ...workspaces].flatMap((workspace) => [
      join(workspace, "skills"),
      join(workspace, ".agents/skills"),
    ]),
  ];
  return [
    candidate("state", stateDir, "the state directory"),
    ...config.files.map(({ kind, path }) => candidate(kind, path, WHY_FILE[kind])),
    ...[...config.workspaces, ...config.agentDirs, ...config.others]
      .filter((reference) => isTaken(reference, surroundings))
      .map(configured),
    ...legacyWorkspace(instance),
    candidate(
      "environment",
      join(surroundings.home, ".config/openclaw/gateway.env"),
      "the gateway's environment",
      true,
    ),
    ...serviceFiles(instance, surroundings).map((path) => {
      return candidate("service", path, "how the gateway is started", true);
    }),
    ...signalData(config, surroundings),
    candidate("skills", personalSkills, "personal skills", true),
    ...(await linksOut(skillDirs, instance)).map((path) => {
      return candidate("skills", path, "a skill that is a link", true);
    }),
    ...(await linkedState(instance)),
  ];
}

const WHY_FILE = {
  config: "the configuration",
  include: "included by the configuration",
  secret: "a secret that the configuration refers to",
} as const;

function candidate(kind: RootKind, path: string, why: string, optional = false): Candidate {
  const secret = SECRET_KINDS.has(kind);
  return { kind, path, component: COMPONENT_OF[kind], secret, why, optional };
}

function configured({ kind, path, at, agentId }: ConfigPath): Candidate {
  const fields = candidate(kind, path, `named in the configuration: ${at}`);
  return agentId === undefined ? fields : { ...fields, agentId };
}

/** A program that a secret comes from is the user's own only below their home. */
function isTaken({ kind, path }: ConfigPath, { home }: Surroundings): boolean {
  return kind !== "script" || isWithin(path, home);
}

/** Earlier releases put a profile's workspace beside the default one (docs/gateway/multiple-gateways.md). */
function legacyWorkspace({ name, home }: Instance): Candidate[] {
  if (name === "default") return [];
  const path = join(home, ".openclaw", `workspace-${name}`);
  return [candidate("workspace", path, "the profile's workspace", true)];
}

/** signal-cli keeps its account outside (its manual: `$XDG_DATA_HOME/signal-cli`). */
function signalData(config: ConfigFacts, { env, home }: Surroundings): Candidate[] {
  if (!config.channels.some(({ channel }) => channel === "signal")) return [];
  const data = variable(env, "XDG_DATA_HOME") ?? join(home, ".local/share");
  return [candidate("signal", join(data, "signal-cli"), "Signal's account", true)];
}

/** Parts of the state that somebody has moved elsewhere and linked. */
async function linkedState(instance: Instance): Promise<Candidate[]> {
  const { stateDir } = instance;
  const agents = await readdir(join(stateDir, "agents")).catch(() => []);
  const parts = agents.map((id) => join(stateDir, "agents", id));
  const links = await linksOut([stateDir, join(stateDir, "agents"), ...parts], instance);
  return links.flatMap((path) => {
    const statePath = path.slice(stateDir.length + 1);
    const { component, secret, leaveOut } = classify("state", statePath, true);
    if (leaveOut !== undefined) return [];
    const linked = candidate("linked", path, "a part of the state that is a link", true);
    return [{ ...linked, component, secret, statePath }];
  });
}

/** The links directly in these directories that lead out of the state directory. */
async function linksOut(directories: readonly string[], instance: Instance): Promise<string[]> {
  const links: string[] = [];
  for (const directory of directories) {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((one) => one.isSymbolicLink())) {
      const path = join(directory, entry.name);
      const target = resolve(dirname(path), await readlink(path).catch(() => path));
      if (!isWithin(target, instance.realStateDir)) links.push(path);
    }
  }
  return links;
}
