import { isTree } from "./config-tree.ts";
import type { CallingText } from "./scripts.ts";

/** Where a database keeps what its cron jobs call. Which of the columns are there is to be seen. */
export const CRON_COLUMNS: readonly { table: string; column: string }[] = [
  // OpenClaw 2026.9, `state/openclaw.sqlite`: the whole job
  { table: "cron_jobs", column: "job_json" },
  // `gateway.db`, as forks have it
  { table: "cron_jobs", column: "payload" },
  { table: "cron_jobs", column: "command" },
];

/** How deep a job's strings are looked for. */
const MAX_NESTING = 20;

/**
 * What cron jobs may call: the strings of `cron/jobs.json` (`{"jobs": […]}`), or of one job as a
 * database keeps it, each with the job's name. A text that is no JSON stands for itself.
 *
 * @param at whose text it is, where no job has a name
 */
export function cronTexts(text: string, at = "a cron job"): CallingText[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [{ text, at }];
  }
  const jobs = isTree(value) && "jobs" in value ? value["jobs"] : value;
  const list: unknown[] = Array.isArray(jobs) ? jobs : [jobs];
  return list.flatMap((job) => {
    const name = isTree(job) ? (job["name"] ?? job["id"]) : undefined;
    const whose = typeof name === "string" ? `the cron job ${JSON.stringify(name)}` : at;
    return strings(job).map((one) => ({ text: one, at: whose }));
  });
}

function strings(value: unknown, nesting = 0): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || nesting > MAX_NESTING) return [];
  return Object.values(value).flatMap((item) => strings(item, nesting + 1));
}
