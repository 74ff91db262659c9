/** What holds a path of the old place. */
export type HolderKind = "config" | "database" | "json" | "symlink" | "service" | "script";

/** References to the old place that were rewritten, or, in a plan, would be. */
export interface Rewriting {
  /** The file, by its place at home; of a root that moves, its old one. */
  path: string;
  /** Where in it: `agents.entries.ops.workspace`, `cron_jobs.job_json`; empty for the file as such. */
  at: string;
  kind: HolderKind;
  /** How many references. */
  count: number;
}

/** What holds the old place and was not touched. */
export interface LeftAlone {
  path: string;
  at: string;
  why: string;
  count: number;
}

/** What a mapping did to a copy. */
export interface MappingReport {
  rewritten: Rewriting[];
  left: LeftAlone[];
  /** Live references that a scan found afterwards: empty, unless something went wrong. */
  remaining: Rewriting[];
}
