import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What one command cost, its children included. */
export interface Cost {
  wallSeconds: number;
  /** User and system. */
  cpuSeconds: number;
  /** The largest resident set that any one of its processes had, in bytes. */
  peakBytes: number;
}

export interface Command {
  argv: string[];
  env: Record<string, string>;
  cwd?: string;
}

const TIME = "/usr/bin/time";

/** Runs a command to its end. Throws with its last words unless it ends with 0. */
export async function measure(command: Command, scratch: string): Promise<Cost> {
  if (!existsSync(TIME)) throw new Error(`${TIME} is missing (Debian's package "time")`);
  const report = join(scratch, "time.txt");
  const child = spawn(TIME, ["-f", "%e %U %S %M", "-o", report, ...command.argv], {
    env: command.env,
    cwd: command.cwd ?? scratch,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Uint8Array[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Uint8Array) => output.push(chunk));
  }
  await once(child, "close");
  if (child.exitCode !== 0) {
    const words = Buffer.concat(output).toString("utf8").slice(-2000);
    throw new Error(`${command.argv.join(" ")}: exit ${child.exitCode}\n${words}`);
  }
  const line = readFileSync(report, "utf8").trim();
  const [wall = 0, user = 0, system = 0, kilobytes = 0] = line.split(" ").map(Number);
  return { wallSeconds: wall, cpuSeconds: user + system, peakBytes: kilobytes * 1024 };
}

/** Bytes in all files below a directory (or of one file); 0 when it is not there. */
export function bytesBelow(path: string): number {
  if (!existsSync(path)) return 0;
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  const stats = names.map((name) => statSync(join(path, name)));
  return stats.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
