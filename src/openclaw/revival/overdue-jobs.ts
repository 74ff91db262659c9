import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { placeInCopy } from "./copied-place.ts";
import { copiedConfig } from "./copied-config.ts";
import { hasColumns, readStateDatabase } from "./copied-database.ts";
import type { Told } from "./report.ts";

/** A job that is switched on. */
export interface ScheduledJob {
  name: string;
  /** Milliseconds since 1970; undefined: it is not planned yet. */
  next: number | undefined;
  /** It runs again and again. */
  recurs: boolean;
}

/** How many names one line holds. */
const NAMED = 5;

/** The cron jobs of a copy that are switched on: 2026.9 has them in its database, 2026.3 in a file. */
export async function scheduledJobs(copy: InstanceCopy): Promise<ScheduledJob[]> {
  using database = await readStateDatabase(copy);
  const rows = database === undefined ? [] : jobsIn(database);
  const file = await placeInCopy(copy, join(copy.stateDir, "cron/jobs.json"));
  const text = file === undefined ? "null" : await readFile(file, "utf8").catch(() => "null");
  const parsed = parse(text);
  const jobs = isTree(parsed) ? parsed["jobs"] : parsed;
  const listed = Array.isArray(jobs) ? jobs.filter(isTree) : [];
  return [...rows, ...listed.map((job) => jobFrom(job, treeAt(job, "state")))].filter(
    (job) => job !== undefined,
  );
}

function jobsIn(database: DatabaseSync): (ScheduledJob | undefined)[] {
  if (!hasColumns(database, "cron_jobs", ["job_json", "state_json", "enabled"])) return [];
  const rows = database
    .prepare("SELECT job_json AS job, state_json AS state FROM cron_jobs WHERE enabled = 1")
    .all();
  return rows.map(({ job, state }) => {
    const parsed = parse(String(job));
    return isTree(parsed)
      ? jobFrom(parsed, treeAt({ state: parse(String(state)) }, "state"))
      : undefined;
  });
}

function jobFrom(job: Tree, state: Tree): ScheduledJob | undefined {
  if (job["enabled"] === false) return undefined;
  const next = state["nextRunAtMs"];
  const name = job["displayName"] ?? job["name"] ?? job["id"];
  return {
    name: typeof name === "string" ? name : "a job without a name",
    next: typeof next === "number" ? next : undefined,
    recurs: treeAt(job, "schedule")["kind"] !== "at",
  };
}

/**
 * What an old snapshot's jobs do at the first start. OpenClaw runs at most five that were missed at
 * once, the others one after the other; those that are messages to an agent two minutes later
 * (docs/automation/cron-jobs/how-it-works.md of its package).
 */
export async function overdueJobs(copy: InstanceCopy, now: Date): Promise<Told[]> {
  const overdue = (await scheduledJobs(copy)).filter(
    ({ next }) => next !== undefined && next < now.getTime(),
  );
  const isSkipping = treeAt(await copiedConfig(copy), "cron")["skipMissedJobs"] === true;
  const once = overdue.filter(({ recurs }) => !recurs);
  const again = isSkipping ? [] : overdue.filter(({ recurs }) => recurs);
  const told: Told[] = [];
  if (again.length > 0) {
    told.push({
      what: `${count(again.length, "cron job")} missed a turn since the snapshot: ${names(again)}`,
      why: "OpenClaw makes up for it within minutes of the start, unless it is told not to before.",
      command: ["openclaw", "config", "set", "cron.skipMissedJobs", "true"],
    });
  }
  if (once.length > 0) {
    told.push({
      what: `${count(once.length, "job")} for one time only fell due since the snapshot: ${names(once)}`,
      why: "OpenClaw runs them at the start, even if they ran after the snapshot was taken.",
    });
  }
  return told;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function names(jobs: readonly ScheduledJob[]): string {
  const first = jobs.slice(0, NAMED).map(({ name }) => JSON.stringify(name));
  const more = jobs.length - first.length;
  return first.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
