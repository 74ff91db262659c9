import { stat } from "node:fs/promises";
import { join } from "node:path";
import { check } from "../check.ts";
import type { InitContext } from "../init.ts";
import { differences, filesBelow, fingerprints, type Fingerprint } from "./comparison.ts";
import { inspectConversations } from "./conversation.ts";
import { count, size } from "./figures.ts";
import { inspectState } from "./state-database.ts";
import type { DemoPlace } from "./place.ts";
import type { Stage } from "./stage.ts";
import { checkWithRestic, findRestic } from "./stock-restic.ts";
import type { Outcome } from "./story.ts";

/** Opens the restored databases and looks at every row. */
export async function proveDatabases(stage: Stage): Promise<Outcome> {
  const { database, stateDatabase, cronJobs } = stage.instance;
  const { writer, turnsAtTheEnd } = stage.before;
  const agent = inspectConversations(stage.restoredPath(database));
  const state = inspectState(stage.restoredPath(stateDatabase));
  const missing = writer.turns - agent.completeTurns - agent.brokenTurns;
  const faults = [
    agent.integrity === "ok" || `the agent's database: ${agent.integrity}`,
    state.integrity === "ok" || `the gateway's database: ${state.integrity}`,
    state.cronJobs === cronJobs || `${state.cronJobs} of ${count(cronJobs, "cron job")}`,
    agent.brokenTurns === 0 || `${count(agent.brokenTurns, "turn")} incomplete`,
    missing <= 0 || `${count(missing, "turn")} missing`,
    agent.oldDigest === writer.oldDigest || "the old messages are not what they were",
  ].filter((fault) => fault !== true);
  if (faults.length > 0) return { ok: false, evidence: faults.join("; ") };
  const lost = turnsAtTheEnd - agent.completeTurns;
  return {
    ok: true,
    evidence:
      `SQLite finds both whole. ${count(agent.oldMessages, "old message")} letter for letter, ${count(agent.completeTurns, "turn")} each complete in all its tables, and none missing that was written when the backup began; ` +
      `only the ${lost.toLocaleString("en-US")} after it went with the power.`,
  };
}

/** Holds every restored file against what it was before the disaster. */
export async function proveFiles(stage: Stage, signal: AbortSignal): Promise<Outcome> {
  const { stateDir, garden, secret } = stage.instance;
  const after = new Map<string, Fingerprint>();
  for (const root of [stateDir, garden]) {
    const restored = stage.restoredPath(root);
    for (const [path, print] of await fingerprints(restored, [], signal)) {
      after.set(join(root, path.slice(restored.length)), print);
    }
  }
  const secrets = (await filesBelow(stage.restoredPath(stateDir))).filter((path) =>
    secret.some((each) => `${path}/`.startsWith(`${stage.restoredPath(join(stateDir, each))}/`)),
  );
  const modes = await Promise.all(secrets.map(async (path) => (await stat(path)).mode & 0o777));
  const faults = [
    ...differences(stage.before.files, after),
    ...secrets.filter((_, i) => modes[i] !== 0o600).map((path) => `${path} is open to others`),
  ];
  if (faults.length > 0) {
    return {
      ok: false,
      evidence: `${count(faults.length, "thing")} not as before, the first: ${faults[0]}`,
    };
  }
  return {
    ok: after.size > 0 && secrets.length > 0,
    evidence: `${count(after.size, "file")} beside the databases have the SHA-256, permissions and time that they had before; ${count(secrets.length, "secret")} can be read by their owner alone.`,
  };
}

/** Has our own check read every byte of the repository. */
export async function proveRepository(context: InitContext): Promise<Outcome> {
  const { ok, errors, snapshots, blobs, packs, bytesRead } = await check(context, {
    readDataShare: 1,
  });
  if (!ok) return { ok, evidence: errors.join("; ") };
  return {
    ok: bytesRead > 0,
    evidence: `${count(snapshots, "snapshot")}, ${count(blobs, "blob")} in ${count(packs, "pack")}: all ${size(bytesRead)} read, decrypted and hashed without an error.`,
  };
}

/** Has the stock restic do the same; undefined when there is none on the PATH. */
export async function proveWithRestic(
  context: InitContext,
  place: DemoPlace,
  path: string | undefined,
): Promise<Outcome | undefined> {
  const program = await findRestic(path);
  if (program === undefined) return undefined;
  const version = await checkWithRestic(program, {
    repository: context.location,
    password: (await context.passwords())[0] as string,
    env: place.env,
    signal: context.signal,
  });
  return {
    ok: true,
    evidence: `restic ${version}, which knows nothing of Clawback, opens the repository with the same phrase and finds every byte sound: you can leave whenever you like.`,
  };
}
