import { redactor } from "../../config/redact.ts";
import { messageOf } from "../../errors.ts";
import { findGateway } from "../../gateway/find-gateway.ts";
import { openclawOf } from "../../gateway/openclaw-command.ts";
import { findInstance } from "../../openclaw/find-instance.ts";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { versionVerdict } from "../../openclaw/revival/version-verdict.ts";
import { fetchOpenClaw } from "../../sandbox/fetch-openclaw.ts";
import { findOpenClaw, type OpenClawProgram } from "../../sandbox/find-openclaw.ts";
import { secretsOf } from "../../sandbox/known-secrets.ts";
import type { CommandResult } from "../../sandbox/command.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { OperationContext } from "../context.ts";
import type { Manifest } from "../manifest.ts";
import { count, type Ledger, type Outcome, worst } from "./ledger.ts";

const COMMAND_MS = 120_000;
const STATE_DATABASE = "state/openclaw.sqlite";
const AGENT_DATABASE = /^agents\/([^/]+)\/agent\/openclaw-agent\.sqlite$/;

/**
 * The OpenClaw to try a restored instance with: one that can use its state.
 *
 * @param fetch get the release that wrote it, if there is none such here
 * @returns undefined: there is none, and the ledger says so
 */
export async function openClawFor(
  context: OperationContext,
  copy: InstanceCopy,
  { instance }: Manifest,
  fetch: boolean,
  ledger: Ledger,
): Promise<OpenClawProgram | undefined> {
  const { env, places, signal, progress } = context;
  const wrote = instance.openclaw.recorded ?? instance.openclaw.installed ?? undefined;
  const { cacheDir } = places;
  const found = await findOpenClaw({
    env,
    cacheDir,
    version: wrote,
    running: await runningOpenClaw(context),
  });
  const verdict = await versionVerdict(copy, found?.version);
  if (found !== undefined && verdict.ok) {
    ledger.add("application", "openclaw", true, `OpenClaw ${found.version} of this machine`);
    return found;
  }
  const version = verdict.ok ? wrote : verdict.needs;
  const why =
    found === undefined
      ? "there is no OpenClaw on this machine"
      : `OpenClaw ${found.version} of this machine cannot use this state${verdict.ok ? "" : `: ${verdict.why}`}`;
  if (!fetch || version === undefined) {
    const hint = fetch
      ? "which release wrote it is not known"
      : "--fetch gets the matching release";
    ledger.add("application", "openclaw", null, `${why} (${hint})`);
    return undefined;
  }
  try {
    progress.note(`fetching OpenClaw ${version}`);
    const fetched = await fetchOpenClaw(version, cacheDir, { signal });
    ledger.add(
      "application",
      "openclaw",
      true,
      `OpenClaw ${fetched.version}, fetched for this drill`,
    );
    return fetched;
  } catch (error) {
    if (signal.aborted) throw error;
    const evidence = `${why}, and release ${version} could not be fetched: ${messageOf(error)}`;
    ledger.add("application", "openclaw", null, evidence);
    return undefined;
  }
}

/** The words that the gateway of this machine runs by. Undefined: it does not, or they are not known. */
async function runningOpenClaw({
  env,
  home,
  instance,
}: OperationContext): Promise<string[] | undefined> {
  const surroundings = { env, home, platform: process.platform };
  try {
    const live = await findInstance({ ...surroundings, ...instance });
    const pid = (await findGateway(live, surroundings))?.gateway?.pid;
    return pid === undefined ? undefined : await openclawOf(pid, undefined);
  } catch {
    return undefined;
  }
}

/** Asks OpenClaw itself what it makes of a restored instance; its gateway is not started. */
export async function drillApplication(
  sandbox: Sandbox,
  copy: InstanceCopy,
  manifest: Manifest,
  ledger: Ledger,
): Promise<void> {
  const secrets = await secretsOf(copy);
  const clean = redactor(() => secrets);
  const run = (...args: string[]) => sandbox.run([...args, "--json"], { timeoutMs: COMMAND_MS });
  const complaint = (result: CommandResult) => clean(wordsOf(result));
  const config = await run("config", "validate");
  ledger.add(
    "application",
    "config",
    config.code === 0,
    config.code === 0
      ? "`openclaw config validate` accepts the configuration"
      : `\`openclaw config validate\` refuses the configuration: ${complaint(config)}`,
  );
  await preflight({ run, complaint }, copy, manifest, ledger);
  const listed = await run("sessions", "list", "--all-agents");
  const sessions = sessionsIn(listed);
  const expected = manifest.counts["sessions"] ?? 0;
  // More: OpenClaw lists what it finds in transcripts that were never taken into its database.
  const ok = sessions !== undefined && sessions >= expected;
  ledger.add(
    "application",
    "sessions",
    ok,
    sessions === undefined
      ? `\`openclaw sessions list\` lists nothing: ${complaint(listed)}`
      : `\`openclaw sessions list\` lists ${count(sessions, "session")}, the manifest tells of ${expected}`,
  );
}

interface Asking {
  run: (...args: string[]) => Promise<CommandResult>;
  /** What it said was wrong; no secret is in it. */
  complaint: (result: CommandResult) => string;
}

async function preflight(
  { run, complaint }: Asking,
  copy: InstanceCopy,
  { databases }: Manifest,
  ledger: Ledger,
): Promise<void> {
  const outcomes: Outcome[] = [];
  const details: string[] = [];
  for (const { path } of databases) {
    if (!path.startsWith(`${copy.stateDir}/`)) continue;
    const relative = path.slice(copy.stateDir.length + 1);
    const agent = AGENT_DATABASE.exec(relative)?.[1];
    if (agent === undefined && relative !== STATE_DATABASE) continue;
    const result =
      agent === undefined
        ? await run("database", "preflight", path)
        : await run("database", "preflight-agent", path, "--agent-id", agent);
    outcomes.push(result.code === 0);
    if (result.code !== 0) details.push(`${path}: ${complaint(result)}`);
  }
  if (outcomes.length === 0) return;
  ledger.add(
    "application",
    "preflight",
    worst(outcomes),
    details.length === 0
      ? `\`openclaw database preflight\` accepts ${count(outcomes.length, "database")}`
      : `\`openclaw database preflight\` refuses ${count(details.length, "database")}`,
    details,
  );
}

interface Listed {
  totalCount?: number;
  sessions?: unknown[];
}

function sessionsIn({ code, stdout }: CommandResult): number | undefined {
  if (code !== 0) return undefined;
  // Warnings may stand before it.
  const begins = stdout.search(/^\{/m);
  try {
    const { totalCount, sessions } = JSON.parse(stdout.slice(begins)) as Listed;
    return totalCount ?? sessions?.length;
  } catch {
    return undefined;
  }
}

/** What OpenClaw said was wrong: a line of it. */
function wordsOf({ code, stdout, stderr }: CommandResult): string {
  const message = /"message": "((?:[^"\\]|\\.)*)"/g;
  const last = [...stdout.matchAll(message)].at(-1)?.[1];
  const line = stderr.trim().split("\n").at(-1);
  return last ?? (line ? line : code === null ? "no answer in time" : `exit code ${code}`);
}
