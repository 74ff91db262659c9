import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";

/** What OpenClaw says of the process that works on a state. */
export interface GatewayLock {
  /** In the process's own pid namespace. */
  pid: number;
  start: string | undefined;
  port: number | undefined;
  /** `gateway`, or another command that must have the state for itself. */
  role: string;
}

export interface LockState {
  lock: GatewayLock | undefined;
  /** The file that is locked as long as the process lives, where this release has one. */
  lockFile: string | undefined;
  /** Whether somebody holds it. That shows across pid namespaces. Null: cannot be told. */
  held: boolean | null;
}

/**
 * Reads the lock of an instance's gateway. 2026.9 keeps it in the state directory
 * (`tmp/openclaw-<uid>/gateway.state.lock`, and beside it an empty SQLite database that is locked
 * exclusively for as long as the process lives); 2026.3 in the temporary directory, named after the
 * configuration's path, with no such database.
 */
export async function readGatewayLock(instance: Instance): Promise<LockState> {
  const tmp = join(instance.realStateDir, "tmp");
  const names = await readdir(tmp).catch(() => []);
  let seen: LockState = { lock: undefined, lockFile: undefined, held: null };
  for (const name of names.filter((each) => each.startsWith("openclaw-"))) {
    const path = join(tmp, name, "gateway.state.lock");
    const lockFile = `${path}.sqlite`;
    const held = await isHeld(lockFile);
    const lock = parse(await readFile(path, "utf8").catch(() => ""));
    const found = { lock, lockFile: held === null ? undefined : lockFile, held };
    if (held === true) return found;
    if (seen.lock === undefined) seen = found;
  }
  if (seen.lock === undefined && seen.held === null) {
    return { ...seen, lock: await olderLock(instance) };
  }
  return seen;
}

/**
 * Whether another process holds an OpenClaw lock database. It is empty, so that looking changes
 * nothing; whoever wants the lock in this very moment asks again.
 */
export async function isHeld(lockFile: string): Promise<boolean | null> {
  if ((await stat(lockFile).catch(() => undefined)) === undefined) return null;
  try {
    using database = new DatabaseSync(lockFile, { readOnly: true, timeout: 0 });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return /locked|busy/.test(messageOf(error)) ? true : null;
  }
}

/** The pid, in its own namespace, that the file beside a lock database names. */
export async function holderOfLock(lockFile: string): Promise<number | undefined> {
  const path = lockFile.replace(/\.sqlite$/, "");
  return parse(await readFile(path, "utf8").catch(() => ""))?.pid;
}

async function olderLock({ configPath, realStateDir }: Instance): Promise<GatewayLock | undefined> {
  if (configPath === undefined) return undefined;
  const owner = await stat(realStateDir);
  const hash = createHash("sha256").update(configPath).digest("hex").slice(0, 8);
  const name = join(`openclaw-${owner.uid}`, `gateway.${hash}.lock`);
  for (const directory of new Set([tmpdir(), "/tmp"])) {
    const lock = parse(await readFile(join(directory, name), "utf8").catch(() => ""));
    if (lock !== undefined) return lock;
  }
  return undefined;
}

function parse(text: string): GatewayLock | undefined {
  try {
    const { pid, startTime, port, role } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    return {
      pid,
      start: typeof startTime === "number" ? String(startTime) : undefined,
      port: typeof port === "number" ? port : undefined,
      role: typeof role === "string" ? role : "gateway",
    };
  } catch {
    return undefined;
  }
}
