import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { missingPlugins } from "../../openclaw/revival/missing-plugins.ts";
import type { BootEvidence, Sandbox } from "../../sandbox/sandbox.ts";
import type { OperationContext } from "../context.ts";
import type { Manifest } from "../manifest.ts";
import { count, type Ledger } from "./ledger.ts";
import { checkUntouched, fingerprintLive } from "./live-fingerprint.ts";

/** Starts the real gateway from a restored instance, where it can reach nothing else. */
export async function drillBoot(
  context: OperationContext,
  sandbox: Sandbox,
  copy: InstanceCopy,
  manifest: Manifest,
  ledger: Ledger,
): Promise<void> {
  const { progress } = context;
  progress.note("hashing the live instance, to compare it afterwards");
  const live = await fingerprintLive(context);
  progress.note("starting the gateway from the copy");
  const evidence = await sandbox.boot();
  tellBoot(evidence, manifest, ledger);
  await tellPlugins(evidence, copy, ledger);
  await checkUntouched(context, live, ledger);
}

function tellBoot(evidence: BootEvidence, manifest: Manifest, ledger: Ledger): void {
  const { isolation, readyMs, turn, stopped, problems, notes } = evidence;
  const tell = (name: string, ok: boolean | null, text: string, details: string[] = []) =>
    ledger.add("boot", name, ok, text, details);
  tell(
    "isolation",
    isolation === "namespaces" ? true : null,
    isolation === "namespaces"
      ? "network, mounts and processes of its own: it could reach nothing"
      : "there is no such isolation here: paths and port were rewritten and channels were off, so what was booted is not exactly what was backed up",
    notes,
  );
  tell(
    "ready",
    readyMs !== null,
    readyMs === null
      ? "the gateway did not get ready"
      : `the gateway was ready after ${(readyMs / 1000).toFixed(1)} s`,
    problems,
  );
  if (readyMs === null) return;
  const { counts } = manifest;
  tellCount(ledger, "listed-sessions", "session", evidence.sessions, counts["sessions"] ?? 0);
  tellCount(ledger, "listed-crons", "cron job", evidence.crons, counts["cronJobs"] ?? 0);
  tell(
    "turn",
    turn?.ok ?? null,
    turn === null
      ? "no agent was asked"
      : turn.ok
        ? `agent ${turn.agent} answered, with a stand-in for its model`
        : `agent ${turn.agent} did not answer: ${turn.reply}`,
  );
  tell(
    "stopped",
    stopped ? true : null,
    stopped ? "it ended when it was asked to" : "it did not end by itself",
  );
}

/** A boot may add jobs of its own; what was there must be there. */
function tellCount(
  ledger: Ledger,
  name: string,
  noun: string,
  listed: number | null,
  expected: number,
): void {
  ledger.add(
    "boot",
    name,
    listed === null ? false : listed >= expected,
    listed === null
      ? `it could not list its ${noun}s`
      : `it lists ${count(listed, noun)}, the manifest tells of ${expected}`,
  );
}

async function tellPlugins(
  { notLoaded }: BootEvidence,
  copy: InstanceCopy,
  ledger: Ledger,
): Promise<void> {
  const missing = await missingPlugins(copy);
  const commands = missing.map(({ command }) => `openclaw ${command.join(" ")}`);
  const unnamed = notLoaded.filter((id) => !missing.some((each) => each.id === id));
  ledger.add(
    "boot",
    "plugins",
    missing.length + unnamed.length === 0 ? true : null,
    missing.length + unnamed.length === 0
      ? "every plugin that is wanted was loaded"
      : `${count(missing.length + unnamed.length, "plugin")} could not be loaded: code that is installed again after a restore is in no backup`,
    [...unnamed.map((id) => `${id} did not load`), ...commands],
  );
}
