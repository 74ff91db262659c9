/** What a file is to its owner. */
export const COMPONENTS = [
  "config",
  "database",
  "credentials",
  "sessions",
  "cron",
  "workspace",
  "skills",
  "other",
] as const;

export type Component = (typeof COMPONENTS)[number];

/**
 * How bad it is to lose: `irreplaceable` exists nowhere else, `painful` costs hours or a part of
 * the history, `rebuildable` comes back by itself or by a command.
 */
export type Pain = "irreplaceable" | "painful" | "rebuildable";

/** Which tree a pattern speaks of. An agentDir is `agents/<id>/agent` or what the config names. */
export type Scope = "state" | "workspace" | "agentDir";

export interface Rule {
  /** Globs relative to the scope's directory; `x/**` is the directory `x` and all below it. */
  readonly patterns: readonly string[];
  readonly component: Component;
  readonly pain: Pain;
  /** Not written: false. */
  readonly secret?: true;
  /** Why it stays out of a backup, and what brings it back. Not written: it is captured. */
  readonly leaveOut?: string;
  /** `leaveOut` holds only for a directory that has this name beside it. */
  readonly beside?: string;
}

const LOCKS = "*.{lock,reindex-lock,generation-lock,generation-writer}.sqlite{,-wal,-shm,-journal}";
const SQLITE = "*.{sqlite,sqlite3,db}{,-wal,-shm,-journal}";

const leftOut = { component: "other", pain: "rebuildable" } as const;
const irreplaceable = { pain: "irreplaceable" } as const;
const painful = { pain: "painful" } as const;
const secret = { secret: true } as const;

/**
 * The state directory, releases 2026.3 (files) to 2026.9 (SQLite) and the older layout with
 * `gateway.db` that guides describe. The first match wins; what none names is captured as `other`.
 * What is left out is what OpenClaw's own documentation calls rebuildable (docs/cli/backup.md,
 * "What gets backed up") or was seen to be made anew, and only in the exact places where OpenClaw
 * puts it. A thing wrongly left out is worse than one wrongly kept.
 */
export const STATE_RULES: readonly Rule[] = [
  {
    leaveOut: "a lock of this machine; made anew",
    ...leftOut,
    patterns: [
      LOCKS,
      `state/${LOCKS}`,
      `memory/${LOCKS}`,
      "gateway{,.*}.lock",
      "{node,gateway}.pid",
      "{exec-approvals,mac-control}.sock",
      "{sessions,agents/*/sessions}/*.jsonl.lock",
      "{sessions,agents/*/sessions}/sessions.json.lock",
      "browser/*/user-data/Singleton{Cookie,Lock,Socket}",
    ],
  },
  {
    leaveOut: "installed plugins; `openclaw plugins install` brings them back",
    ...leftOut,
    patterns: ["{npm,npm-runtime}/**", "extensions/*/node_modules/**"],
  },
  {
    leaveOut: "managed checkouts; installing or updating fetches them again",
    ...leftOut,
    patterns: ["{git,dev}/**"],
  },
  {
    leaveOut: "downloaded programs and models; fetched again",
    ...leftOut,
    patterns: ["tools/**", "models/llama.cpp/hf_*"],
  },
  {
    leaveOut: "generated from what is installed; made anew",
    ...leftOut,
    patterns: ["plugin-skills/**", "sandbox/skills-workspaces/**"],
  },
  {
    leaveOut: "a cache; made anew",
    ...leftOut,
    patterns: ["{cache,tmp}/**", "browser/*/user-data/*/{Cache,Code Cache,GPUCache}/**"],
  },
  {
    leaveOut: "a journal of this machine's integrity checks; made anew",
    ...leftOut,
    patterns: ["state/openclaw-quarantine.sqlite{,-wal,-shm,-journal}"],
  },
  { component: "other", pain: "rebuildable", patterns: ["{completions,models}/**"] },
  { component: "other", pain: "rebuildable", patterns: ["update-check.json"] },

  // Configuration and its older versions
  {
    component: "config",
    ...irreplaceable,
    ...secret,
    patterns: [
      "{openclaw,clawdbot}.json",
      ".env",
      "config-journal-fingerprint.key",
      "{exec-approvals,node}.json{,.bak}",
      "agent/**",
    ],
  },
  {
    component: "config",
    ...painful,
    ...secret,
    patterns: [
      "{openclaw,clawdbot}.json.*",
      "*.{json,json5}.{bak,bak.*,last-good}",
      "service-env/**",
    ],
  },
  { component: "config", ...painful, patterns: ["settings/**"] },

  // Credentials and identities
  {
    component: "credentials",
    ...irreplaceable,
    ...secret,
    patterns: [
      "{credentials,secrets,mcp-oauth,identity,devices,nodes,matrix}/**",
      "secrets.json",
      "{signal,signal-cli,telegram,discord,slack,bluebubbles,imessage}/**",
      "{gateway,mac-control}.{token,password}",
      "*service-account*.json",
    ],
  },

  // Databases by their names; others show by their header when they are captured
  {
    component: "database",
    ...irreplaceable,
    ...secret,
    patterns: [SQLITE, "{state,memory}/**", `plugins/**/${SQLITE}`],
  },

  // Conversations and jobs
  {
    component: "sessions",
    ...irreplaceable,
    ...secret,
    patterns: ["{sessions,agents/*/sessions,transcripts}/**"],
  },
  {
    component: "sessions",
    ...painful,
    ...secret,
    patterns: [
      "{session-sqlite-migration-runs,delivery-queue,session-delivery-queue,subagents}/**",
    ],
  },
  { component: "cron", ...painful, patterns: ["cron/runs/**"] },
  { component: "cron", ...irreplaceable, patterns: ["cron/**"] },

  // What the agent made, and what it can do
  {
    component: "workspace",
    ...irreplaceable,
    patterns: ["{workspaces,sandboxes,media,canvas,wiki,voice-calls,logbook}/**"],
  },
  {
    component: "skills",
    ...irreplaceable,
    patterns: ["{skills,skill-library,skill-workshop}/**"],
  },
  { component: "other", ...irreplaceable, patterns: ["{hooks,extensions,plugins}/**"] },
  { component: "other", ...irreplaceable, ...secret, patterns: ["fleet/**"] },
  { component: "other", ...painful, ...secret, patterns: ["browser/**"] },
  { component: "other", ...painful, patterns: ["{sandbox,migration,imports,logs}/**"] },
];

/** A directory of one agent's own: its database, models and credentials. */
export const AGENT_DIR_RULES: readonly Rule[] = [
  { leaveOut: "a lock of this machine; made anew", ...leftOut, patterns: [LOCKS] },
  {
    leaveOut: "a memory index under construction; built anew",
    ...leftOut,
    patterns: ["openclaw-agent.sqlite.memory-reindex-*"],
  },
  {
    component: "credentials",
    ...irreplaceable,
    ...secret,
    patterns: ["{auth-profiles,auth,models}{,.*}.json{,.*}"],
  },
  { component: "database", ...irreplaceable, ...secret, patterns: [SQLITE] },
  { component: "sessions", ...irreplaceable, ...secret, patterns: ["{sessions,copilot}/**"] },
  { component: "skills", ...irreplaceable, patterns: ["workshop-skills/**"] },
  { component: "other", ...irreplaceable, ...secret, patterns: ["codex-home/**"] },
];

/**
 * A workspace belongs to its user: a folder there that is called `tools` or `cache` or `npm` is
 * theirs. Nothing stays out but what a package manager puts back from the file beside it.
 */
export const WORKSPACE_RULES: readonly Rule[] = [
  {
    leaveOut: "installed packages; `npm install` brings them back",
    beside: "package.json",
    component: "workspace",
    pain: "rebuildable",
    patterns: ["**/node_modules"],
  },
  { component: "skills", ...irreplaceable, patterns: ["{skills,.agents/skills}/**"] },
  { component: "workspace", ...irreplaceable, ...secret, patterns: ["**/.env{,.*}"] },
  { component: "workspace", ...irreplaceable, patterns: ["**"] },
];

/** Where one scope begins inside the state directory, whatever the configuration says. */
export const NESTED_SCOPES: readonly { pattern: string; scope: Scope }[] = [
  { pattern: "workspace", scope: "workspace" },
  { pattern: "workspace-*", scope: "workspace" },
  { pattern: "agents/*/agent", scope: "agentDir" },
];
