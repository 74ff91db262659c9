import { DatabaseSync } from "node:sqlite";
import type { Prose } from "./prose.ts";

const TASK_RUNS = 1500;

/** Table names as in OpenClaw 2026.9; the columns are what the story needs of them. */
const SCHEMA = [
  "PRAGMA auto_vacuum = 2",
  "PRAGMA journal_mode = WAL",
  "PRAGMA user_version = 18",
  "CREATE TABLE cron_jobs (id TEXT PRIMARY KEY, job_json TEXT)",
  "CREATE TABLE device_identities (id TEXT PRIMARY KEY, private_key TEXT)",
  "CREATE TABLE task_runs (id INTEGER PRIMARY KEY, log TEXT)",
  "INSERT INTO device_identities VALUES ('made-up', 'made-up-by-clawback-demo')",
];

/** Makes the database that all agents of an instance share. */
export function createState(path: string, cronJobs: number, prose: Prose): void {
  const database = new DatabaseSync(path);
  for (const statement of SCHEMA) database.exec(statement);
  database.exec("BEGIN");
  const job = database.prepare("INSERT INTO cron_jobs VALUES (?, ?)");
  for (let number = 1; number <= cronJobs; number++) job.run(`job-${number}`, prose.text(200));
  const run = database.prepare("INSERT INTO task_runs (log) VALUES (?)");
  for (let number = 0; number < TASK_RUNS; number++) run.run(prose.text(1024));
  database.exec("COMMIT");
  database.close();
}

/** What is in one: SQLite's own word on it ("ok"), and how many jobs. */
export function inspectState(path: string): { integrity: string; cronJobs: number } {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const one = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
    return {
      integrity: String(one("PRAGMA integrity_check")),
      cronJobs: Number(one("SELECT count(*) FROM cron_jobs")),
    };
  } finally {
    database.close();
  }
}
