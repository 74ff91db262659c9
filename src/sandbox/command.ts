import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { killGroup, startGroup } from "./process-group.ts";

const LAST_WORDS_MS = 2_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A program, and where it runs. */
export interface Invocation {
  words: readonly string[];
  cwd: string;
}

export interface CommandResult {
  /** Null: it was ended by a signal, such as when its time was up. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, or until its time is up; then it is killed, with all it has started. */
export async function runCommand(
  words: readonly string[],
  { cwd, timeoutMs }: { cwd: string; timeoutMs: number },
): Promise<CommandResult> {
  const child = startGroup(words, cwd);
  const stdout = collected(child.stdout);
  const stderr = collected(child.stderr);
  const overdue = setTimeout(() => killGroup(child), timeoutMs);
  const closed = once(child, "close");
  try {
    await once(child, "exit");
    // What it has started may live on and keep the pipes.
    await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(overdue);
    killGroup(child);
  }
}

/** @returns what has come so far */
function collected(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  let size = 0;
  stream.on("data", (part: Buffer) => {
    size += part.length;
    if (size <= MAX_OUTPUT_BYTES) parts.push(part);
  });
  return () => Buffer.concat(parts).toString("utf8");
}
