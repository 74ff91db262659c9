import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";

/** A process with a group of its own. */
export type Leader = ChildProcessByStdio<null, Readable, Readable>;

const leaders = new Set<Leader>();

/** Starts a program whose descendants can be ended with it. */
export function startGroup(words: readonly string[], cwd: string): Leader {
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  leaders.add(child);
  return child;
}

/** Kills it and all it has started, those that have outlived it too. */
export function killGroup(leader: Leader): void {
  leaders.delete(leader);
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, "SIGKILL");
  } catch {
    // All of them have ended.
  }
}

export function killAllGroups(): void {
  for (const leader of leaders) killGroup(leader);
}
