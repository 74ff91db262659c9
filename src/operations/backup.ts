import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseCapturer } from "../capture/database.ts";
import { ClawbackError } from "../errors.ts";
import { isInside } from "../fs/paths.ts";
import { currentProcess } from "../fs/process-identity.ts";
import { openScratch } from "../fs/scratch.ts";
import { shortId } from "../repository/ids.ts";
import {
  archive,
  type ArchiveResult,
  measureSource,
  type SourceSize,
} from "../snapshot/archiver.ts";
import type { Component } from "../openclaw/rules.ts";
import { formatTime, parseTime } from "../snapshot/go-time.ts";
import type { SnapshotFile } from "../snapshot/snapshot-file.ts";
import { listSnapshots, saveSnapshot, type Snapshot } from "../snapshot/snapshots.ts";
import { userName } from "../repository/key-file.ts";
import type { Selector } from "../snapshot/walker.ts";
import { parseLocation } from "../storage/location.ts";
import { programVersion } from "../version.ts";
import { BackupRecord } from "./backup-record.ts";
import { checkComponents } from "./component-selector.ts";
import type { OperationContext } from "./context.ts";
import type { BackupDocument } from "./documents.ts";
import { InstanceDatabases } from "./instance-databases.ts";
import { MANIFEST_DIRECTORY, MANIFEST_NAME, readManifest } from "./manifest.ts";
import { RootIndex } from "./root-index.ts";
import { selectionOf } from "./selection.ts";
import { componentTag, INCOMPLETE_TAG } from "./snapshot-documents.ts";
import { pathsToWalk, type Survey, surveyInstance } from "./survey.ts";
import { type Session, withRepository } from "./with-repository.ts";

export interface BackupOptions {
  /** Empty: all. */
  components: readonly string[];
  tags: readonly string[];
  dryRun: boolean;
}

/**
 * Takes a snapshot of the instance while it runs.
 *
 * @throws E_NO_INSTANCE, E_REPO_INSIDE_SOURCE, E_USAGE (an unknown component), and whatever keeps
 * the repository from taking it; what cannot be read of the source is in the result instead
 */
export async function backup(
  context: OperationContext,
  options: BackupOptions,
): Promise<BackupDocument> {
  const components = checkComponents(options.components);
  const survey = await surveyInstance(context);
  await refuseRepositoryInside(context, survey);
  const source = await sourceOf(survey, components, context.signal);
  const mode = options.dryRun ? "read" : "append";
  return withRepository(context, mode, (session) => backupOpen(context, session, source, options));
}

/** What a backup reads. */
export interface BackupSource {
  survey: Survey;
  components: Component[];
  roots: RootIndex;
  paths: Buffer[];
  select: Selector;
  /** Measured while the repository is opened and its lock settles. */
  total: Promise<SourceSize>;
}

/** @param components empty: all */
export async function sourceOf(
  survey: Survey,
  components: Component[],
  signal: AbortSignal,
): Promise<BackupSource> {
  const roots = new RootIndex(survey.roots);
  const paths = await pathsToWalk(survey.roots);
  const select = selectionOf(roots, components);
  const total = measureSource(paths, select, signal);
  // Whoever awaits it sees the failure; should nobody get that far, it is not an unhandled one.
  total.catch(() => {});
  return { survey, components, roots, paths, select, total };
}

/** The same for a repository that is open and locked. */
export async function backupOpen(
  context: OperationContext,
  { repository, assertHeld, signal }: Session,
  source: BackupSource,
  options: BackupOptions,
): Promise<BackupDocument> {
  const begun = performance.now();
  const now = context.now();
  const { survey, components, roots } = source;
  const paths = groupPaths(survey.instance.stateDir, components);
  const parent = (await listSnapshots(repository)).filter((each) => sameGroup(each, paths)).at(-1);
  await repository.loadIndex();
  const owner = await currentProcess();
  await using scratch = await openScratch(join(context.places.cacheDir, "scratch"), owner);
  // On another disk, perhaps, for when that one is full.
  const other = join(context.tempDir, `clawback-${process.getuid?.() ?? 0}`);
  await using fallback = await openScratch(other, owner).catch(() => undefined);
  await using capturer = new DatabaseCapturer({
    scratch: scratch.path,
    ...(fallback !== undefined && { fallbackScratch: fallback.path }),
    signal,
  });
  const before = parent && (await readManifest(repository, parent.tree));
  const databases = new InstanceDatabases(capturer, before);
  const record = new BackupRecord(survey, roots, databases, components);
  const result = await archive(
    {
      repository,
      assertHeld,
      roots: source.paths,
      select: source.select,
      total: source.total,
      databases,
      parent: parent && { tree: parent.tree, time: Number(parseTime(parent.time) / 1_000_000n) },
      ownFile: {
        directory: MANIFEST_DIRECTORY,
        name: MANIFEST_NAME,
        content: (walked) =>
          Buffer.from(JSON.stringify(record.manifest(walked, now), undefined, 1)),
      },
      dryRun: options.dryRun,
      now,
      progress: context.progress,
      signal,
    },
    (file) => record.add(file),
  );
  const errors = record.errors(result);
  const document: BackupDocument = {
    snapshot: null,
    files: result.files,
    bytes: { scanned: result.bytesScanned, added: result.bytesAdded, stored: result.bytesStored },
    components: record.components(),
    databases: record.databases(),
    excluded: record.excluded(result),
    errors,
    warnings: record.warnings(),
    duration: 0,
  };
  if (!options.dryRun) {
    const complete = errors.length === 0;
    const tags = [
      ...options.tags,
      ...components.map(componentTag),
      ...(complete ? [] : [INCOMPLETE_TAG]),
    ];
    assertHeld();
    const file = snapshotFile(result, { now, end: context.now(), paths, tags, parent });
    const id = await saveSnapshot(repository, file);
    document.snapshot = { id, shortId: shortId(id), time: now.toISOString(), complete };
  }
  return { ...document, duration: (performance.now() - begun) / 1000 };
}

/** @throws E_REPO_INSIDE_SOURCE */
export async function refuseRepositoryInside(
  context: OperationContext,
  survey: Survey,
): Promise<void> {
  const location = parseLocation(context.location, { home: context.home });
  if (location.scheme !== "local") return;
  for (const { realPath } of survey.roots) {
    if (!(await isInside(location.path, realPath))) continue;
    throw new ClawbackError(
      "E_REPO_INSIDE_SOURCE",
      `the repository ${location.path} lies inside ${realPath}, which it is to protect`,
      { hint: "name a place outside with --repo, best on another disk" },
    );
  }
}

/**
 * What parents and retention go by: the state directory alone, since other roots come and go; a
 * snapshot of some components is a group of its own, so that it never stands in for a whole one.
 */
function groupPaths(stateDir: string, components: readonly string[]): string[] {
  return components.length === 0 ? [stateDir] : [`${stateDir}#${[...components].sort().join("+")}`];
}

function sameGroup(snapshot: Snapshot, paths: readonly string[]): boolean {
  return snapshot.hostname === hostname() && snapshot.paths.join("\0") === paths.join("\0");
}

function snapshotFile(
  result: ArchiveResult,
  about: {
    now: Date;
    end: Date;
    paths: string[];
    tags: string[];
    parent: Snapshot | undefined;
  },
): SnapshotFile {
  const time = (date: Date) => formatTime(BigInt(date.getTime()) * 1_000_000n);
  return {
    time: time(about.now),
    ...(about.parent !== undefined && { parent: about.parent.id }),
    tree: result.tree,
    paths: about.paths,
    hostname: hostname(),
    username: userName(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    tags: about.tags,
    programVersion: `clawback ${programVersion()}`,
    // As restic 0.17 and later write it: their `snapshots` shows the size from here.
    summary: {
      backup_start: time(about.now),
      backup_end: time(about.end),
      files_new: result.files.new,
      files_changed: result.files.changed,
      files_unmodified: result.files.unchanged,
      data_added: result.bytesAdded,
      data_added_packed: result.bytesStored,
      total_files_processed: result.files.new + result.files.changed + result.files.unchanged,
      total_bytes_processed: result.bytesScanned,
    },
  };
}
