import type { Rule } from "./rules.ts";
import {
  config,
  credentials,
  cron,
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

const painful = { pain: "painful" } as const;

/**
 * The state directory, releases 2026.3 (files) to 2026.9 (SQLite) and the older layout with
 * `gateway.db` that guides describe. The first match wins; what none names is captured as `other`.
 * What is left out is what OpenClaw's own documentation calls rebuildable (docs/cli/backup.md,
 * "What gets backed up") or was seen to be made anew, and only in the exact places where OpenClaw
 * puts it. A thing wrongly left out is worse than one wrongly kept.
 */
export const STATE_RULES: readonly Rule[] = [
  {
    ...thisMachine,
    leaveOut: "a lock of this machine; made anew",
    patterns: [
      LOCKS,
      `{state,memory}/${LOCKS}`,
      "gateway{,.*}.lock",
      "{node,gateway}.pid",
      "{exec-approvals,mac-control}.sock",
      "{sessions,agents/*/sessions}/{*.jsonl,sessions.json}.lock",
      "browser/*/user-data/Singleton{Cookie,Lock,Socket}",
    ],
  },
  {
    ...leftOut,
    leaveOut: "installed plugins; `openclaw plugins install` brings them back",
    patterns: ["{npm,npm-runtime}/**", "extensions/*/node_modules/**"],
  },
  {
    ...leftOut,
    leaveOut: "managed checkouts; installing or updating fetches them again",
    patterns: ["{git,dev}/**"],
  },
  {
    ...leftOut,
    leaveOut: "downloaded programs and models; fetched again",
    patterns: ["tools/**", "models/llama.cpp/hf_*"],
  },
  {
    ...leftOut,
    leaveOut: "generated from what is installed; made anew",
    patterns: ["plugin-skills/**", "sandbox/skills-workspaces/**"],
  },
  {
    ...leftOut,
    leaveOut: "a cache; made anew",
    patterns: ["{cache,tmp}/**", "browser/*/user-data/*/{Cache,Code Cache,GPUCache}/**"],
  },
  {
    ...thisMachine,
    leaveOut: "a journal of this machine's integrity checks; made anew",
    patterns: [`state/openclaw-quarantine.sqlite${SIDECARS}`],
  },
  { ...leftOut, patterns: ["{completions,models}/**", "update-check.json"] },

  // Configuration and its older versions
  { ...config, required: true, content: "json5", patterns: ["{openclaw,clawdbot}.json"] },
  { ...config, required: true, patterns: [".env"] },
  { ...config, content: "json", patterns: ["{exec-approvals,node}.json"] },
  {
    ...config,
    patterns: ["config-journal-fingerprint.key", "{exec-approvals,node}.json.bak", "agent/**"],
  },
  {
    ...config,
    ...painful,
    patterns: ["{openclaw,clawdbot}.json.*", "*.{json,json5}.{bak,bak.*,last-good}"],
  },
  { ...config, ...painful, machineBound: true, patterns: ["service-env/**"] },
  { component: "config", ...painful, patterns: ["settings/**"] },

  // Credentials and identities
  {
    ...credentials,
    content: "json",
    patterns: ["credentials/{,whatsapp/*/}creds.json", "{identity,devices,nodes}/*.json"],
  },
  { ...credentials, set: "a WhatsApp account", patterns: ["credentials/whatsapp/*/**"] },
  { ...credentials, set: "a Matrix account", patterns: ["matrix/accounts/*/*/*/**"] },
  { ...credentials, set: "Signal's accounts", patterns: ["{signal,signal-cli}/data/**"] },
  {
    ...credentials,
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
    ...database,
    required: true,
    holds: ["config", "credentials", "sessions", "cron"],
    patterns: [`state/openclaw.sqlite${SIDECARS}`],
  },
  {
    ...database,
    required: true,
    holds: ["sessions", "cron"],
    patterns: [`gateway.db${SIDECARS}`],
  },
  { ...database, patterns: [SQLITE, "{state,memory}/**", `plugins/**/${SQLITE}`] },

  // Conversations and jobs
  {
    ...sessions,
    content: "jsonl",
    patterns: ["{sessions,agents/*/sessions,transcripts}/**/*.jsonl"],
  },
  { ...sessions, content: "json", patterns: ["{sessions,agents/*/sessions}/sessions.json"] },
  { ...sessions, patterns: ["{sessions,agents/*/sessions,transcripts}/**"] },
  {
    ...sessions,
    ...painful,
    patterns: [
      "{session-sqlite-migration-runs,delivery-queue,session-delivery-queue,subagents}/**",
    ],
  },
  { ...cron, ...painful, content: "jsonl", patterns: ["cron/runs/*.jsonl"] },
  { ...cron, ...painful, patterns: ["cron/runs/**"] },
  { ...cron, content: "json", patterns: ["cron/jobs.json"] },
  { ...cron, patterns: ["cron/**"] },

  // What the agent made, and what it can do
  {
    ...workspace,
    patterns: ["{workspaces,sandboxes,media,canvas,wiki,voice-calls,logbook}/**"],
  },
  { ...skills, patterns: ["{skills,skill-library,skill-workshop}/**"] },
  { ...other, patterns: ["{hooks,extensions,plugins}/**"] },
  { ...other, secret: true, patterns: ["fleet/**"] },
  { ...other, ...painful, secret: true, patterns: ["browser/**"] },
  { ...other, ...painful, patterns: ["{sandbox,migration,imports,logs}/**"] },
];
