import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ClawbackError, hasCode, messageOf } from "../../errors.ts";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { judgeChannels } from "../../openclaw/portability/judge-channels.ts";
import type { ChannelVerdict } from "../../openclaw/portability/verdict.ts";
import { shortId } from "../../repository/ids.ts";
import { isolationHere } from "../../sandbox/isolation.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import type { OperationContext } from "../context.ts";
import { DRILL_LEVELS, type DrillLevel } from "../documents.ts";
import { recordInHistory } from "../history.ts";
import { resolveForHere } from "../latest.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { isCompanion, isWhole, refOf } from "../snapshot-documents.ts";
import { type Session, withRepository } from "../with-repository.ts";
import { drillApplication, openClawFor } from "./application.ts";
import { drillBoot } from "./boot.ts";
import { drillContent } from "./content.ts";
import type { DrillDocument } from "./document.ts";
import { restoredInstance } from "./instance-copy.ts";
import { Ledger } from "./ledger.ts";
import { recordVerdict } from "./record.ts";
import { restoreCopy, type RestoredCopy } from "./restored-copy.ts";
import { drillStructure } from "./structure.ts";

export interface DrillOptions {
  /** An id, `latest`, or a moment. */
  snapshot: string | Date;
  level: DrillLevel;
  /** Get the release of OpenClaw that the state needs when it is not on this machine. */
  fetch: boolean;
  /** Where the sandbox is made; undefined: below the cache. */
  sandbox: string | undefined;
}

/** As far as a drill goes that may happen every day. */
export const USUAL_LEVEL: DrillLevel = "application";

/**
 * Restores a snapshot where nobody is disturbed by it, and looks whether it is all there: level by
 * level, ending with the first that something is wrong in. The verdict is kept in the repository,
 * beside the snapshot.
 *
 * @throws E_NO_SNAPSHOT, E_AMBIGUOUS_ID, E_NO_SPACE, E_PERMISSION, E_STORAGE_…, E_INTERRUPTED: then
 *   nothing was found out. What is wrong with the snapshot is in the result
 */
export async function drill(
  context: OperationContext,
  options: DrillOptions,
): Promise<DrillDocument> {
  return withRepository(context, "read", (session) => drillOpen(context, session, options));
}

/** The same for a repository that is open and locked. */
export async function drillOpen(
  context: OperationContext,
  session: Session,
  options: DrillOptions,
): Promise<DrillDocument> {
  const begun = performance.now();
  const { snapshot } = await resolveForHere(context, session.repository, options.snapshot);
  if (isCompanion(snapshot)) throw noInstance(snapshot);
  const ledger = new Ledger();
  const { level, channels } = await climb(context, session, snapshot, options, ledger);
  const document = {
    ok: !ledger.failed,
    verdict: ledger.verdict,
    level,
    wanted: options.level,
    snapshot: refOf(snapshot),
    checks: ledger.checks,
    reasons: ledger.reasons,
    channels,
    duration: (performance.now() - begun) / 1000,
  };
  const id = await keep(context, session, snapshot, document);
  return { ...document, record: id === undefined ? null : { id } };
}

function noInstance({ id }: Snapshot): ClawbackError {
  const short = shortId(id);
  return new ClawbackError("E_NO_SNAPSHOT", `${short} is the record of a drill, not a snapshot`, {
    hint: `\`clawback cat ${short} /.clawback/drill.json\` prints it`,
  });
}

interface Reached {
  level: DrillLevel;
  channels: ChannelVerdict[];
}

async function climb(
  context: OperationContext,
  session: Session,
  snapshot: Snapshot,
  options: DrillOptions,
  ledger: Ledger,
): Promise<Reached> {
  const wants = (level: DrillLevel) =>
    DRILL_LEVELS.indexOf(options.level) >= DRILL_LEVELS.indexOf(level);
  const reached: Reached = { level: "structure", channels: [] };
  await drillStructure(context, session, snapshot, ledger);
  if (!wants("content")) {
    const evidence = "what is in the files was not read: only a restore proves that it comes back";
    ledger.add("structure", "contents", null, evidence);
  }
  if (ledger.failed || !wants("content")) return reached;
  await using copy = await restoreCopy(context, session, snapshot, options.sandbox);
  const manifest = await manifestOf(session, snapshot, ledger);
  await drillContent(context, session, snapshot, manifest, copy, ledger);
  reached.level = "content";
  if (manifest === undefined) return reached;
  const instance = restoredInstance(manifest, copy.directory);
  const { env } = context;
  if (isWhole(snapshot)) {
    reached.channels = await judgeChannels(instance, { now: context.now(), live: false, env });
  }
  if (ledger.failed || !wants("application")) return reached;
  if (!isWhole(snapshot)) {
    const evidence = "it is a part of an instance: OpenClaw cannot be tried with that";
    ledger.add("application", "openclaw", null, evidence);
    return reached;
  }
  reached.level = await tryOut(context, { instance, manifest, copy, options, session }, ledger);
  return reached;
}

/** One that leads out of the copy is never looked for in it. */
async function manifestOf(
  { repository }: Session,
  { tree }: Snapshot,
  ledger: Ledger,
): Promise<Manifest | undefined> {
  try {
    return await readManifest(repository, tree);
  } catch (error) {
    if (!hasCode(error, "E_DAMAGED")) throw error;
    ledger.add("content", "places", false, messageOf(error));
    return undefined;
  }
}

interface Trial {
  instance: InstanceCopy;
  manifest: Manifest;
  copy: RestoredCopy;
  options: DrillOptions;
  session: Session;
}

/** What OpenClaw itself makes of the copy. @returns the level that was gone through */
async function tryOut(
  context: OperationContext,
  { instance, manifest, copy, options, session }: Trial,
  ledger: Ledger,
): Promise<DrillLevel> {
  const openclaw = await openClawFor(context, instance, manifest, options.fetch, ledger);
  if (openclaw === undefined) return "content";
  const scratch = join(copy.scratch, "box");
  await mkdir(scratch, { mode: 0o700 });
  let level: DrillLevel = "content";
  try {
    await using sandbox = await Sandbox.open({
      copy: instance,
      openclaw,
      isolation: await isolationHere(),
      scratch,
      signal: session.signal,
    });
    context.progress.note("asking OpenClaw what it makes of the copy");
    await drillApplication(sandbox, instance, manifest, ledger);
    level = "application";
    if (ledger.failed || options.level !== "boot") return level;
    await drillBoot(context, sandbox, instance, manifest, ledger);
    return "boot";
  } catch (error) {
    // Of the snapshot that says nothing.
    if (!hasCode(error, "E_FAILED")) throw error;
    const evidence = `OpenClaw could not be run on the copy: ${messageOf(error)}`;
    ledger.add(level === "content" ? "application" : "boot", "sandbox", null, evidence);
    return level;
  }
}

/** @returns the record's id; undefined when the storage would not have it, which is told */
async function keep(
  context: OperationContext,
  session: Session,
  snapshot: Snapshot,
  document: Omit<DrillDocument, "record">,
): Promise<string | undefined> {
  const now = context.now();
  const { verdict, level, reasons, duration } = document;
  await recordInHistory(context, {
    event: "drill",
    time: now.toISOString(),
    repository: session.repository.id,
    snapshot: snapshot.id,
    verdict,
    level,
    reasons,
    duration,
  });
  try {
    return await recordVerdict(session, snapshot, document, now);
  } catch (error) {
    if (!hasCode(error, "E_PERMISSION") && !hasCode(error, "E_NO_SPACE")) throw error;
    context.warn(`the verdict was not kept in the repository: ${messageOf(error)}`);
    return undefined;
  }
}
