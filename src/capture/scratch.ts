import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errno } from "../errors.ts";

const PREFIX = "clawback-image";
const DAY_MS = 24 * 60 * 60 * 1000;

/** A name for a new place below `scratch` that tells whose it is. */
export function placeIn(scratch: string): string {
  return join(scratch, [PREFIX, process.pid, hostTag(), randomUUID()].join("_"));
}

/**
 * Removes what runs that ended without cleaning up (power, SIGKILL) left in a scratch directory:
 * places of a process of this host that is gone, and of anybody once they are a day old.
 */
export async function sweepScratch(scratch: string, nowMs = Date.now()): Promise<void> {
  for (const name of await readdir(scratch)) {
    const [prefix, pid, host] = name.split("_");
    if (prefix !== PREFIX) continue;
    const path = join(scratch, name);
    const orphaned = host === hostTag() && !isAlive(Number(pid));
    const old = async () => nowMs - (await stat(path)).mtimeMs > DAY_MS;
    if (orphaned || (await old())) await rm(path, { recursive: true, force: true });
  }
}

function hostTag(): string {
  return hostname().replaceAll("_", "-");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) !== "ESRCH";
  }
}
