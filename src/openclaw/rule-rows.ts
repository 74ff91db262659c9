import type { Component, Pain } from "./rules.ts";

/** What the rows of the rule tables have in common, so that a table shows what differs. */
const row = <C extends Component, P extends Pain>(component: C, pain: P) => ({ component, pain });
const secret = { secret: true } as const;

export const leftOut = row("other", "rebuildable");
export const thisMachine = { ...leftOut, machineBound: true } as const;

export const config = { ...row("config", "irreplaceable"), ...secret };
export const credentials = { ...row("credentials", "irreplaceable"), ...secret };
export const database = { ...row("database", "irreplaceable"), ...secret };
export const sessions = { ...row("sessions", "irreplaceable"), ...secret };
export const cron = row("cron", "irreplaceable");
export const workspace = row("workspace", "irreplaceable");
export const skills = row("skills", "irreplaceable");
export const other = row("other", "irreplaceable");

/** In patterns: a database's log, shared memory and journal beside it. */
export const SIDECARS = "{,-wal,-shm,-journal}";
export const SQLITE = `*.{sqlite,sqlite3,db}${SIDECARS}`;
export const LOCKS = `*.{lock,reindex-lock,generation-lock,generation-writer}.sqlite${SIDECARS}`;
