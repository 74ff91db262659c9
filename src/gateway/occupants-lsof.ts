import { execFile } from "node:child_process";
import { isWithin } from "../openclaw/user-paths.ts";
import type { Occupancy, Occupant } from "./occupant.ts";

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const KINDS: Record<string, Occupant["how"]> = {
  cwd: "working directory",
  rtd: "root",
  txt: "mapped",
  mem: "mapped",
};

/** Where there is no `/proc`: what lsof(8) lists, if it is there. Others' processes it leaves out. */
export async function occupantsByLsof(
  real: readonly string[],
  besides: ReadonlySet<number>,
): Promise<Occupancy> {
  const text = await listing();
  return { occupants: occupantsIn(text ?? "", real, besides), unseen: null };
}

/** Reads the fields p, R, c, f and n of `lsof -F`: a letter and its value in each line. */
export function occupantsIn(
  text: string,
  real: readonly string[],
  besides: ReadonlySet<number>,
): Occupant[] {
  const parents = new Map<number, number>();
  const found = new Map<number, Occupant>();
  let now = { pid: 0, command: "", how: "open file" as Occupant["how"] };
  for (const line of text.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) now = { pid: Number(value), command: "", how: "open file" };
    else if (line.startsWith("R")) parents.set(now.pid, Number(value));
    else if (line.startsWith("c")) now.command = value;
    else if (line.startsWith("f")) now.how = KINDS[value] ?? "open file";
    else if (line.startsWith("n") && real.some((path) => isWithinByName(value, path))) {
      if (!found.has(now.pid)) found.set(now.pid, { ...now, path: value });
    }
  }
  const isOurs = (pid: number): boolean => {
    const seen = new Set<number>();
    for (let at = pid; at > 1 && !seen.has(at); at = parents.get(at) ?? 0) {
      if (besides.has(at)) return true;
      seen.add(at);
    }
    return false;
  };
  return [...found.values()].filter(({ pid }) => !isOurs(pid));
}

function isWithinByName(name: string, path: string): boolean {
  return name.startsWith("/") && isWithin(name, path);
}

/** It complains of what it may not see by its exit code, and lists the rest. */
async function listing(): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  execFile("lsof", ["-nPw", "+c", "0", "-R", "-F", "pRcfn"], options, (_, stdout) => {
    resolve(stdout === "" ? undefined : stdout);
  });
  return promise;
}
