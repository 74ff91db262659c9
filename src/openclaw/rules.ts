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

/** What the bytes of a file must parse as. */
export type ContentFormat = "json" | "json5" | "jsonl";

/**
 * Which tree a pattern speaks of. An agentDir is `agents/<id>/agent` or what the config names;
 * `sessions`, `whatsapp` and `signal` are places for these that the config names elsewhere.
 */
export type Scope = "state" | "workspace" | "agentDir" | "sessions" | "whatsapp" | "signal";

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
  /** Of use on this machine only. Not written: false. */
  readonly machineBound?: true;
  /** The instance is not itself without it: no exclude can drop it. Not written: false. */
  readonly required?: true;
  /** Further components that live in this database. */
  readonly holds?: readonly Component[];
  /** What it must parse as, else it is damaged. Not written: anything. */
  readonly content?: ContentFormat;
  /** The directory of an `x/**` belongs together and is taken at one moment: what it is. */
  readonly set?: string;
}
