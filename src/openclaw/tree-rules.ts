import type { Rule, Scope } from "./rules.ts";
import {
  credentials,
  database,
  leftOut,
  LOCKS,
  other,
  sessions,
  SIDECARS,
  skills,
  SQLITE,
  thisMachine,
  workspace,
} from "./rule-rows.ts";

/** A directory of one agent's own: its database, models and credentials. */
export const AGENT_DIR_RULES: readonly Rule[] = [
  { ...thisMachine, leaveOut: "a lock of this machine; made anew", patterns: [LOCKS] },
  {
    ...leftOut,
    leaveOut: "a memory index under construction; built anew",
    patterns: ["openclaw-agent.sqlite.memory-reindex-*"],
  },
  { ...credentials, content: "json", patterns: ["{auth-profiles,auth,models}.json"] },
  { ...credentials, patterns: ["{auth-profiles,auth,models}{,.*}.json{,.*}"] },
  {
    ...database,
    required: true,
    holds: ["credentials", "sessions"],
    patterns: [`openclaw-agent.sqlite${SIDECARS}`],
  },
  { ...database, patterns: [SQLITE] },
  { ...sessions, patterns: ["{sessions,copilot}/**"] },
  { ...skills, patterns: ["workshop-skills/**"] },
  { ...other, secret: true, patterns: ["codex-home/**"] },
];

/**
 * A workspace belongs to its user: a folder there that is called `tools` or `cache` or `npm` is
 * theirs. Nothing stays out but what a package manager puts back from the file beside it.
 */
export const WORKSPACE_RULES: readonly Rule[] = [
  {
    component: "workspace",
    pain: "rebuildable",
    leaveOut: "installed packages; `npm install` brings them back",
    beside: "package.json",
    patterns: ["**/node_modules"],
  },
  { ...skills, patterns: ["{skills,.agents/skills}/**"] },
  { ...workspace, secret: true, patterns: ["**/.env{,.*}"] },
  { ...workspace, patterns: ["**"] },
];

/** A directory of conversations that the configuration names. */
export const SESSION_RULES: readonly Rule[] = [
  {
    ...thisMachine,
    leaveOut: "a lock of this machine; made anew",
    patterns: ["{,*/}{*.jsonl,sessions.json}.lock"],
  },
  { ...sessions, content: "jsonl", patterns: ["**/*.jsonl"] },
  { ...sessions, content: "json", patterns: ["{,*/}sessions.json"] },
  { ...sessions, patterns: ["**"] },
];

/** A WhatsApp account that the configuration places elsewhere. */
export const WHATSAPP_RULES: readonly Rule[] = [
  { ...credentials, content: "json", patterns: ["creds.json"] },
  { ...credentials, patterns: ["**"] },
];

/** The directory of signal-cli. */
export const SIGNAL_RULES: readonly Rule[] = [
  { ...credentials, set: "Signal's accounts", patterns: ["data/**"] },
  { ...credentials, patterns: ["**"] },
];

/** Where one scope begins inside the state directory, whatever the configuration says. */
export const NESTED_SCOPES: readonly { pattern: string; scope: Scope }[] = [
  { pattern: "workspace", scope: "workspace" },
  { pattern: "workspace-*", scope: "workspace" },
  { pattern: "agents/*/agent", scope: "agentDir" },
];
