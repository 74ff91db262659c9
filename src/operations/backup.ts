import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { ClawbackError, messageOf } from "../errors.ts";
import { sameFileSystem } from "../fs/paths.ts";
import { shortId } from "../repository/ids.ts";
import type { ArchiveResult } from "../snapshot/archive-options.ts";
import { archive } from "../snapshot/archiver.ts";
import { parseTime } from "../snapshot/go-time.ts";
import { saveSnapshot, type Snapshot } from "../snapshot/snapshots.ts";
import { SpooledStorage } from "../storage/spool.ts";
import type { Storage } from "../storage/storage.ts";
import { UnwrittenStorage } from "../storage/unwritten.ts";
import { checkAgents } from "./agents.ts";
import { aroundGateway, type GatewayUse } from "./around-gateway.ts";
import { BackupRecord } from "./backup-record.ts";
import { type CaptureSite, openCaptureSite } from "./capture-site.ts";
import { checkComponents } from "./component-selector.ts";
import type { OperationContext } from "./context.ts";
import type { BackupDocument } from "./documents.ts";
import { recordInHistory } from "./history.ts";
import { InstanceCapture } from "./instance-capture.ts";
import { MANIFEST_DIRECTORY, MANIFEST_NAME } from "./manifest.ts";
import { chooseParent } from "./parent.ts";
import { refuseRepositoryInside } from "./repository-place.ts";
import { DAMAGED_TAG, INCOMPLETE_TAG, scopeTags } from "./snapshot-documents.ts";
import { groupPaths, snapshotFile } from "./snapshot-group.ts";
import { type BackupSource, openSource } from "./source.ts";
import { surveyInstance } from "./survey.ts";
import { type Session, withRepository } from "./with-repository.ts";

export interface BackupOptions {
  /** Empty: all. */
  components: readonly string[];
  /** Empty: all. */
  agents: readonly string[];
  /** Patterns, as in a .gitignore. */
  exclude: readonly string[];
  tags: readonly string[];
  /** Check every database image, and every file that has a format. */
  verify: boolean;
  gateway: GatewayUse;
  dryRun: boolean;
}

/**
 * Takes a snapshot of the instance while it runs.
 *
 * @throws E_NO_INSTANCE, E_REPO_INSIDE_SOURCE, E_USAGE (an unknown component or agent), and
 * whatever keeps the repository from taking it; what cannot be read of the source is in the result
 */
export async function backup(
  context: OperationContext,
  options: BackupOptions,
): Promise<BackupDocument> {
  const components = checkComponents(options.components);
  const survey = await surveyInstance(context);
  const agents = await checkAgents(options.agents, survey);
  await refuseRepositoryInside(context, survey);
  await using site = await openCaptureSite(context, options);
  // While the repository is opened and its lock settles.
  const source = openSource(context, survey, site, { ...options, components, agents });
  // Whoever awaits it sees the failure; should nobody get that far, it is not an unhandled one.
  source.catch(() => {});
  const mode = options.dryRun ? "read" : "append";
  const work = async (session: Session) =>
    backupOpen(context, session, site, await source, options);
  return await withRepository(context, mode, work, (storage) => storageFor(options, storage, site));
}

/** The same for a repository that is open and locked. */
export async function backupOpen(
  context: OperationContext,
  session: Session,
  site: CaptureSite,
  source: BackupSource,
  options: BackupOptions,
): Promise<BackupDocument> {
  const begun = performance.now();
  const now = context.now();
  const { repository } = session;
  const { survey, wanted } = source;
  await refuseRepositoryInside(context, survey);
  const paths = groupPaths(survey.instance.stateDir, wanted);
  const chosen = await chooseParent(repository, paths, context.warn);
  const { snapshot: parent, manifest: before } = chosen ?? {};
  await using capture = new InstanceCapture(site, before);
  const record = new BackupRecord(source, capture, before);
  const { result, downtimeMs, notes, trouble } = await aroundGateway(
    context,
    survey,
    options.gateway,
    {
      capture: async () => capture.prepare(source.discovery, await configurationOf(source), now),
      store: () => take(context, session, { source, capture, record, parent, now }, options),
    },
  );
  const document = record.document(result);
  document.downtime = downtimeMs === null ? null : downtimeMs / 1000;
  document.notes.push(...notes);
  const down = trouble?.code === "E_GATEWAY_DOWN" ? trouble : undefined;
  try {
    if (!options.dryRun)
      await nameSnapshot(context, session, { source, result, document, parent, now }, options);
  } catch (error) {
    throw down === undefined ? error : stillDown(down, `${messageOf(error)}; and `, error);
  }
  if (down !== undefined) {
    throw stillDown(down, `snapshot ${document.snapshot?.shortId} is taken, but `);
  }
  if (trouble !== undefined) {
    document.warnings.push(`${trouble.message}. ${trouble.hint ?? ""}`.trim());
  }
  return { ...document, duration: (performance.now() - begun) / 1000 };
}

/** Everything is stored, or waits in the spool: this makes it a snapshot. */
async function nameSnapshot(
  context: OperationContext,
  { repository, assertHeld, signal }: Session,
  { source, result, document, parent, now }: Taken,
  { tags }: BackupOptions,
): Promise<void> {
  if (repository.storage instanceof SpooledStorage) {
    await repository.storage.drain({ assertHeld, signal });
  }
  const { survey, wanted } = source;
  const complete = document.errors.length === 0;
  const allTags = [
    ...tags,
    ...scopeTags(wanted),
    ...(complete ? [] : [INCOMPLETE_TAG]),
    ...(document.damaged.length > 0 ? [DAMAGED_TAG] : []),
  ];
  assertHeld();
  const paths = groupPaths(survey.instance.stateDir, wanted);
  const about = { now, end: context.now(), paths, tags: allTags, parent };
  const id = await saveSnapshot(repository, snapshotFile(result, about));
  document.snapshot = { id, shortId: shortId(id), time: now.toISOString(), complete };
  await recordInHistory(context, {
    event: "backup",
    time: now.toISOString(),
    repository: repository.id,
    snapshot: id,
    stateDir: survey.instance.stateDir,
    complete,
    damaged: document.damaged,
  });
}

/** A gateway that is down is the worst news, whatever else there is to tell. */
function stillDown({ code, message, hint }: ClawbackError, before: string, cause?: unknown) {
  return new ClawbackError(code, before + message, { ...(hint !== undefined && { hint }), cause });
}

/** A dry run stores nothing. A gateway that is stopped waits for no upload. */
async function storageFor(
  { dryRun, gateway }: BackupOptions,
  storage: Storage,
  { scratch }: CaptureSite,
): Promise<Storage> {
  if (dryRun) return new UnwrittenStorage(storage);
  // Nearer than the disk of the scratch files no spool would be.
  if (gateway !== "stop" || (await sameFileSystem(storage.location, scratch))) return storage;
  const directory = join(scratch, "spool");
  await mkdir(directory, { mode: 0o700 });
  return new SpooledStorage(storage, directory);
}

interface Taken {
  source: BackupSource;
  result: ArchiveResult;
  document: BackupDocument;
  parent: Snapshot | undefined;
  now: Date;
}

interface Job {
  source: BackupSource;
  capture: InstanceCapture;
  record: BackupRecord;
  parent: Snapshot | undefined;
  now: Date;
}

function take(
  { progress }: OperationContext,
  { repository, assertHeld, signal }: Session,
  { source, capture, record, parent, now }: Job,
  { verify }: BackupOptions,
): Promise<ArchiveResult> {
  return archive(
    {
      repository,
      assertHeld,
      roots: source.paths,
      select: source.selection.select,
      frozen: capture.frozen,
      pinned: capture.pinned,
      total: Promise.resolve(source.discovery.total),
      databases: capture,
      contentOf: (path) =>
        verify ? source.roots.classify(path.toString(), false)?.content : undefined,
      parent: parent && { tree: parent.tree, time: Number(parseTime(parent.time) / 1_000_000n) },
      ownFile: {
        directory: MANIFEST_DIRECTORY,
        name: MANIFEST_NAME,
        content: (walked, tree) =>
          Buffer.from(JSON.stringify(record.manifest(walked, tree, now), undefined, 1)),
      },
      onDirectory: (path, tree) => record.addDirectory(path, tree),
      now,
      progress,
      signal,
    },
    (file) => record.add(file),
  );
}

/** The files that must be of one moment with the databases, by the names that the walk meets. */
async function configurationOf({ survey }: BackupSource): Promise<string[]> {
  const paths = survey.config.files.map(({ path }) => realpath(path).catch(() => path));
  return [...new Set(await Promise.all(paths))];
}
