import { ClawbackError } from "../errors.ts";
import { runOpenclaw } from "./openclaw-cli.ts";
import type { Cli, CliAnswer } from "./openclaw-cli.ts";

/** The slowest start of the program that was seen is five seconds; on a busy machine far more. */
const CALL_TIMEOUT_MS = 60_000;
const LIVE_BACKUP = "A backup while it runs needs no suspension; --cold stops it instead.";

/** A gateway that admits no new work until the lease is over or given back. */
export interface Lease {
  suspensionId: string;
  /** Milliseconds since 1970, by the gateway's clock. */
  expiresAtMs: number;
}

/**
 * Suspends the gateway, or makes the lease of the same request longer
 * (docs/gateway/external-apps.md of OpenClaw's package).
 *
 * @param waitSeconds how long it may wait for work that is under way
 * @throws E_GATEWAY with what it is busy with, or why it cannot; E_INTERRUPTED
 */
export async function suspend(
  cli: Cli,
  at: { port: number | undefined; requestId: string },
  waitSeconds: number,
  signal?: AbortSignal,
): Promise<Lease> {
  const words = ["gateway", "suspend", "--request-id", at.requestId, "--wait", `${waitSeconds}`];
  const answer = await runOpenclaw(cli, [...words, ...portWords(at.port)], {
    timeoutMs: waitSeconds * 1000 + CALL_TIMEOUT_MS,
    signal,
  });
  const { status, suspensionId, expiresAtMs } = answer.json ?? {};
  const complete = typeof suspensionId === "string" && typeof expiresAtMs === "number";
  if (answer.ok && status === "ready" && complete) return { suspensionId, expiresAtMs };
  if (status === "busy") throw busy(answer, waitSeconds);
  throw refusal("suspend", answer);
}

/**
 * Gives a lease back; one that is over already is fine.
 * @throws E_GATEWAY
 */
export async function resume(
  cli: Cli,
  port: number | undefined,
  suspensionId: string,
): Promise<void> {
  const words = ["gateway", "resume", suspensionId, ...portWords(port)];
  const answer = await runOpenclaw(cli, words, { timeoutMs: CALL_TIMEOUT_MS, signal: undefined });
  if (!answer.ok) throw refusal("resume", answer);
}

function portWords(port: number | undefined): string[] {
  return port === undefined ? [] : ["--port", String(port)];
}

function busy({ json }: CliAnswer, waitSeconds: number): ClawbackError {
  const blockers = Array.isArray(json?.["blockers"]) ? (json["blockers"] as unknown[]) : [];
  const reasons = blockers.map((each) => (each as { message?: unknown } | null)?.message);
  const named = reasons.filter((reason) => typeof reason === "string").join(", ");
  const what = named === "" ? "it is busy" : `it is busy: ${named}`;
  return new ClawbackError("E_GATEWAY", `the gateway could not be suspended; ${what}`, {
    hint: `It was given ${waitSeconds} s. Try again when it is idle. ${LIVE_BACKUP}`,
  });
}

function refusal(command: "suspend" | "resume", { json, said }: CliAnswer): ClawbackError {
  const { message } = (json?.["error"] ?? {}) as { message?: unknown };
  const reason = (typeof message === "string" ? message : said).split("\n", 1)[0] ?? "";
  const unknown = /no command|unknown command|unknown option|too many arguments/i.test(reason);
  return new ClawbackError(
    "E_GATEWAY",
    unknown
      ? `this OpenClaw cannot ${command} its gateway`
      : `the gateway refused to ${command}: ${reason || "no reason given"}`,
    { hint: unknown ? `OpenClaw 2026.9 can. ${LIVE_BACKUP}` : LIVE_BACKUP },
  );
}
