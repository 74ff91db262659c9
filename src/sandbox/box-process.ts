import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { ClawbackError } from "../errors.ts";
import type { Answer, Order, Report } from "./orders.ts";

const ENDING_MS = 10_000;
const MAX_COMPLAINT = 4096;

export interface BoxCommand {
  words: readonly string[];
  /** All that it sees of an environment. */
  env: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Starts the process that serves orders (`box-worker.ts`), has one fulfilled, and sees to it that
 * nothing of it is left.
 *
 * @throws E_FAILED when it ends without an answer, with its last words; E_INTERRUPTED
 */
export async function fulfilled({ words, env, signal }: BoxCommand, order: Order): Promise<Answer> {
  signal.throwIfAborted();
  const [program = "", ...args] = words;
  // A session of its own: it has no terminal to read from, and Ctrl-C is ours to tell.
  const child = spawn(program, args, {
    env,
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  // Not "close": that does not come when both sides have closed the channel.
  const gone = new Promise<undefined>((resolve) => {
    child.on("exit", () => resolve(undefined)).on("error", () => resolve(undefined));
  });
  const silent = new Promise((resolve) => child.stderr?.on("close", resolve));
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-MAX_COMPLAINT);
  });
  const listening = new AbortController();
  try {
    // That it is gone already is seen below.
    child.send(order, () => undefined);
    const report = await Promise.race([answerOf(child), gone, aborted(signal, listening.signal)]);
    if (report !== undefined) {
      if (report.report === "failed") throw new ClawbackError("E_FAILED", report.message);
      return report;
    }
    await silent;
    const why = said.trim().split("\n", 1)[0] || `it ended with ${child.exitCode}`;
    throw new ClawbackError("E_FAILED", `the box did not come about: ${why}`);
  } finally {
    listening.abort();
    await end(child, gone);
  }
}

function answerOf(child: ChildProcess): Promise<Report> {
  return new Promise((resolve) => {
    child.on("message", (report: Report) => resolve(report));
  });
}

function aborted(signal: AbortSignal, listening: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupt = (): void =>
      reject(new ClawbackError("E_INTERRUPTED", "interrupted while OpenClaw ran in its sandbox"));
    signal.addEventListener("abort", interrupt, { signal: listening });
  });
}

/** The process in the box ends with its channel, and with it all that it has started. */
async function end(child: ChildProcess, gone: Promise<undefined>): Promise<void> {
  if (child.connected) child.disconnect();
  const overdue = setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
  await gone;
  clearTimeout(overdue);
}
