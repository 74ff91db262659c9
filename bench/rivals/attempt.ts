import { spawn } from "node:child_process";
import { once } from "node:events";

const COMPLAINT_LENGTH = 300;

export interface Command {
  argv: [program: string, ...args: string[]];
  env: Record<string, string>;
}

/** How a command ended. */
export interface Attempt {
  code: number | null;
  seconds: number;
  /** The line that says most of what went wrong. */
  complaint: string;
}

/** Runs a command to its end, whatever comes of it. */
export async function attempt({ argv: [program, ...args], env }: Command): Promise<Attempt> {
  const begun = performance.now();
  const child = spawn(program, args, { env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, "close"),
  ]);
  const seconds = (performance.now() - begun) / 1000;
  const said = [stderr, stdout].map((chunks) => Buffer.concat(chunks).toString("utf8"));
  return { code: child.exitCode, seconds, complaint: complaintIn(said.join("\n")) };
}

function complaintIn(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const telling = lines.find((line) => /reason|error|fatal|changed|cannot/i.test(line));
  const line = telling ?? lines.at(-1) ?? "";
  const at = Math.max(0, line.search(/"errors":/));
  return line.slice(at, at + COMPLAINT_LENGTH);
}
