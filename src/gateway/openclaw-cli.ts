import { spawn } from "node:child_process";
import { once } from "node:events";
import { ClawbackError, errno } from "../errors.ts";

const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface CliAnswer {
  ok: boolean;
  /** What it printed with `--json`. Undefined: nothing that is JSON. */
  json: Record<string, unknown> | undefined;
  /** Its first line on stderr, for when there is no JSON. */
  said: string;
}

export interface Cli {
  /** The words that start OpenClaw. */
  program: string[];
  env: Record<string, string>;
  cwd: string;
}

/**
 * Runs an OpenClaw command with `--json`.
 *
 * @throws E_GATEWAY when it cannot be run or takes longer than `timeoutMs`; E_INTERRUPTED
 */
export async function runOpenclaw(
  { program, env, cwd }: Cli,
  words: string[],
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<CliAnswer> {
  const [command = "", ...args] = program;
  const overdue = AbortSignal.timeout(timeoutMs);
  const end = signal === undefined ? overdue : AbortSignal.any([overdue, signal]);
  const child = spawn(command, [...args, ...words, "--json"], {
    env,
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    signal: end,
    killSignal: "SIGTERM",
  });
  try {
    const [stdout, stderr] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      once(child, "close"),
    ]);
    const said = stderr.split("\n", 1)[0] ?? "";
    return { ok: child.exitCode === 0, json: objectIn(stdout), said };
  } catch (error) {
    if (signal?.aborted === true) {
      throw new ClawbackError("E_INTERRUPTED", "interrupted while OpenClaw was asked");
    }
    const why =
      errno(error) === "ENOENT" ? `${command} is not here` : `no answer in ${timeoutMs / 1000} s`;
    throw new ClawbackError("E_GATEWAY", `openclaw ${words.slice(0, 2).join(" ")}: ${why}`, {
      cause: error,
    });
  }
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size <= MAX_OUTPUT_BYTES) parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(Math.max(text.indexOf("{"), 0)));
    return typeof value === "object"
      ? ((value ?? undefined) as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
