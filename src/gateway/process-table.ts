import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { hasEnded, isRunning, startOf } from "../fs/process-identity.ts";
import type { ProcessKey } from "./recipe.ts";

/** Deeper than any process tree that a person has built. */
const MAX_ANCESTORS = 64;

export async function keyOf(pid: number): Promise<ProcessKey | undefined> {
  const start = await startOf(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Whether that very process still exists. A zombie does not, once its last thread has ended: it holds no file any more. */
export async function lives({ pid, start }: ProcessKey): Promise<boolean> {
  return isRunning(pid) && (await startOf(pid)) === start && !(await hasEnded(pid));
}

export async function anyLives(processes: readonly ProcessKey[]): Promise<boolean> {
  const living = await Promise.all(processes.map(lives));
  return living.includes(true);
}

/** The program and its arguments; empty for a kernel thread or a process that is gone. */
export async function commandOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const parts = text.split("\0");
  while (parts.at(-1) === "") parts.pop();
  return parts;
}

/** @throws EACCES for another user's process, ENOENT for one that is gone */
export async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8");
  const pairs = text.split("\0").filter((pair) => pair.indexOf("=") > 0);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** The process and those above it, nearest first, without the first one of the system. */
export async function withAncestors(pid: number): Promise<number[]> {
  const line = [pid];
  for (let next = await parentOf(pid); next > 1 && line.length < MAX_ANCESTORS;) {
    line.push(next);
    next = await parentOf(next);
  }
  return line;
}

/** The processes that descend from it, by one look at the table. */
export async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const pid of await everyPid()) parents.set(pid, await parentOf(pid));
  const found = [root];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found.slice(1);
}

export async function parentOf(pid: number): Promise<number> {
  return Number((await statusOf(pid))["PPid"] ?? 0);
}

/** One field a line of `/proc/<pid>/status` (proc(5)); empty when the process is gone. */
export async function statusOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line.includes(":"));
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
}

/**
 * The process as seen from here that calls itself `pid` in its own pid namespace, a container's
 * perhaps. The start time counts from boot in every namespace, so that the two make it certain.
 */
export async function findByOwnPid(pid: number, start: string): Promise<number | undefined> {
  for (const candidate of await everyPid()) {
    if ((await startOf(candidate)) !== start) continue;
    const names = (await statusOf(candidate))["NSpid"]?.split(/\s+/) ?? [String(candidate)];
    if (names.at(-1) === String(pid)) return candidate;
  }
  return undefined;
}

/** Whether it shares our pid namespace. Undefined: it may not be asked. */
export async function isInOurNamespace(pid: number): Promise<boolean | undefined> {
  const names = (await statusOf(pid))["NSpid"]?.split(/\s+/);
  if (names !== undefined) return names.length === 1;
  const [ours, its] = await Promise.all(
    ["self", pid].map((each) => readlink(`/proc/${each}/ns/pid`).catch(() => undefined)),
  );
  return its === undefined ? undefined : its === ours;
}

/** Where a descriptor leads when it is a regular file that still has its name. */
export async function fileBehind(pid: number, descriptor: number): Promise<string | undefined> {
  const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => undefined);
  if (path === undefined || !path.startsWith("/")) return undefined;
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() === true ? path : undefined;
}

/** Its control groups' paths, in every hierarchy. */
export async function controlGroupsOf(pid: number | "self"): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
  const paths = text.split("\n").map((line) => line.split(":").slice(2).join(":"));
  return [...new Set(paths.filter((path) => path !== ""))];
}

export async function everyPid(): Promise<number[]> {
  const names = await readdir("/proc");
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}
