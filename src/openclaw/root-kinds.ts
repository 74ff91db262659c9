import type { ReferenceKind } from "./config-references.ts";
import type { Component, ContentFormat, Scope } from "./rules.ts";

/** What a tree or file that belongs to an instance is to it. */
export type RootKind =
  | ReferenceKind
  | "state"
  | "config"
  | "include"
  | "environment"
  | "service"
  | "linked";

/** What is true of all that lies there, unless the rules of its scope know better. */
export interface KindFacts {
  readonly component: Component;
  readonly secret?: true;
  /** Whose rules speak of what lies below it. Not written: all of it is one thing. */
  readonly scope?: Scope;
  /** Of a file: what it must parse as. */
  readonly content?: ContentFormat;
  readonly required?: true;
  readonly machineBound?: true;
  /** The whole directory is one set; see `Rule.set`. */
  readonly set?: string;
}

const secret = { secret: true } as const;
const settings = { component: "config", ...secret, required: true } as const;

export const KINDS: Readonly<Record<RootKind, KindFacts>> = {
  state: { component: "other", scope: "state" },
  workspace: { component: "workspace", scope: "workspace" },
  agentDir: { component: "database", scope: "agentDir" },
  config: { ...settings, content: "json5" },
  include: { ...settings, content: "json5" },
  environment: settings,
  service: { component: "config", ...secret, machineBound: true },
  secret: { component: "credentials", ...secret, required: true },
  credentials: {
    component: "credentials",
    ...secret,
    scope: "whatsapp",
    set: "a WhatsApp account",
  },
  signal: { component: "credentials", ...secret, scope: "signal" },
  sessions: { component: "sessions", ...secret, scope: "sessions" },
  cron: { component: "cron", content: "json" },
  memory: { component: "workspace" },
  memoryStore: { component: "database", ...secret },
  skills: { component: "skills" },
  plugins: { component: "other" },
  hooks: { component: "other" },
  script: { component: "other" },
  linked: { component: "other" },
};
