import { join } from "node:path";
import type { ConfigFacts } from "./config.ts";
import type { ConfigPath } from "./config-paths.ts";
import type { Instance } from "./find-instance.ts";
import { KINDS } from "./root-kinds.ts";
import type { RootKind } from "./root-kinds.ts";
import type { Component, Scope } from "./rules.ts";
import { serviceFiles } from "./service-files.ts";
import { isWithin, variable } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/** A place that may belong to an instance, not looked at yet. */
export interface Candidate {
  kind: RootKind;
  path: string;
  component: Component;
  secret: boolean;
  agentId?: string;
  /** Where in its tree the link stands that leads here. */
  statePath?: string;
  /** Which tree that is; the state directory's unless written. */
  tree?: Scope;
  /** Whose the places are that belong to no named agent. */
  defaultAgent?: string;
  why: string;
  /** Nothing is amiss when it is not there. */
  optional: boolean;
}

/** The state directory first, then everything that is named or usual outside of it. */
export async function rootCandidates(
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
): Promise<Candidate[]> {
  const { stateDir } = instance;
  const { defaultAgent } = config;
  const personalSkills = join(surroundings.home, ".agents/skills");
  return [
    { ...candidate("state", stateDir, "the state directory"), defaultAgent },
    ...config.files.map(({ kind, path }) => candidate(kind, path, WHY_FILE[kind])),
    ...[...config.workspaces, ...config.agentDirs, ...config.others]
      .filter((reference) => isTaken(reference, surroundings))
      .map((reference) => configured(reference, config)),
    ...sharedWorkspace(config),
    ...legacyWorkspace(instance),
    candidate(
      "environment",
      join(surroundings.home, ".config/openclaw/gateway.env"),
      "the gateway's environment",
      true,
    ),
    ...(await serviceFiles(instance, surroundings)).map((path) => {
      return candidate("service", path, "how the gateway is started", true);
    }),
    ...signalData(config, surroundings),
    candidate("skills", personalSkills, "personal skills", true),
  ];
}

const WHY_FILE = {
  config: "the configuration",
  include: "included by the configuration",
  secret: "a secret that the configuration refers to",
} as const;

/** @param optional nothing is amiss when it is not there */
export function candidate(kind: RootKind, path: string, why: string, optional = false): Candidate {
  const { component, secret = false } = KINDS[kind];
  return { kind, path, component, secret, why, optional };
}

function configured(reference: ConfigPath, config: ConfigFacts): Candidate {
  const { kind, path, at } = reference;
  const fields = candidate(kind, path, `named in the configuration: ${at}`);
  const agentId = reference.agentId ?? (kind === "workspace" ? soleOwner(at, config) : undefined);
  return agentId === undefined ? fields : { ...fields, agentId };
}

/** The workspace for all of them is the default agent's. */
function soleOwner(at: string, { defaultAgent }: ConfigFacts): string | undefined {
  return at.endsWith("sandbox.workspaceRoot") ? undefined : defaultAgent;
}

/**
 * Several agents without workspaces of their own have one each below the common one
 * (docs/concepts/agent-workspace.md of OpenClaw's package).
 */
function sharedWorkspace({ agents, workspaces }: ConfigFacts): Candidate[] {
  const common = workspaces.find(({ at }) => at === "agents.defaults.workspace");
  if (common === undefined || agents.length < 2) return [];
  return agents
    .filter((agentId) => !workspaces.some((workspace) => workspace.agentId === agentId))
    .map((agentId) => {
      const path = join(common.path, agentId);
      return { ...candidate("workspace", path, `the workspace of ${agentId}`, true), agentId };
    });
}

/** A script is found by what calls it; here one counts that should be there and is not. */
function isTaken({ kind, path, exists }: ConfigPath, { home }: Surroundings): boolean {
  return kind !== "script" || (!exists && isWithin(path, home));
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
