import { join } from "node:path";
import { ClawbackError } from "../../errors.ts";
import type { GatewayControl } from "../../gateway/recipe.ts";
import type { SessionChoice } from "../../openclaw/portability/compare-sessions.ts";
import { shortId } from "../../repository/ids.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import type { PartSelector } from "../component-selector.ts";
import type { OperationContext } from "../context.ts";
import { type Excludes, excludesOf } from "../given-patterns.ts";
import { resolveForHere } from "../latest.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { partOf, selection } from "../restore-selection.ts";
import { isComplete, refOf } from "../snapshot-documents.ts";
import { type Session, withRepository } from "../with-repository.ts";
import { type Destination, destinationOf, type Place } from "./destination.ts";
import { type InPlaceDocument, KEPT_UNTIL } from "./document.ts";
import { gatewayOf, type InstanceHere, instanceHere } from "./instance-here.ts";
import { refuseOpenRestore } from "./refuse-open.ts";
import { LiveScope } from "./live-scope.ts";
import { refuseOwnPlaces } from "./own-places.ts";
import type { InPlaceOptions } from "./options.ts";
import { chooseOwner, type Owner } from "./owner.ts";
import { refuseWithoutPermission } from "./preflight.ts";
import { lookAhead } from "./look-ahead.ts";
import { openPreview } from "./preview.ts";
import { refuseWithoutRoom, roomFor } from "./room.ts";
import { sessionsHere } from "./sessions.ts";
import { hasTaken, isLasting, type SnapshotEntry, snapshotEntry } from "./snapshot-tree.ts";
import { pathOf, type Swaps, swapsOf } from "./swaps.ts";

const MOST_NAMES = 1000;

/** A restore in place that is thought through, and not begun. What is printed is what runs. */
export interface InPlacePlan {
  options: InPlaceOptions;
  snapshot: Snapshot;
  manifest: Manifest;
  destination: Destination;
  here: InstanceHere;
  control: GatewayControl | undefined;
  /** What is wanted of the snapshot. */
  select: PartSelector["select"];
  /** What the snapshot has at each place. */
  entries: Map<Place, SnapshotEntry>;
  sessions: SessionChoice[];
  owner: Owner | undefined;
  /**
   * Compares with what is there now.
   * @param ignoreFilesAt where the snapshot's own ignore files lie, by their names then
   */
  compare: (ignoreFilesAt: (path: string) => string) => Swaps;
  /** What that came to when it was planned. */
  found: Swaps;
  /** What will be printed; done, it is completed. */
  document: InPlaceDocument;
}

/**
 * Looks at snapshot and instance, and says what a restore in place would do. Changes nothing.
 *
 * @param looksAtMapping say which references a move would rewrite: lays out most of the snapshot
 * @throws E_NO_SNAPSHOT, E_NOT_FOUND, E_USAGE, E_VERSION, E_NO_SPACE, E_PERMISSION, E_GATEWAY,
 *   E_RESTORE_OPEN, E_DAMAGED: nothing can be restored in place then
 */
export async function planRestore(
  context: OperationContext,
  options: InPlaceOptions,
  looksAtMapping = false,
): Promise<InPlacePlan> {
  await refuseOpenRestore(context);
  return withRepository(context, "read", (session) =>
    planWith(context, session, options, looksAtMapping),
  );
}

async function planWith(
  context: OperationContext,
  session: Session,
  options: InPlaceOptions,
  looksAtMapping: boolean,
): Promise<InPlacePlan> {
  const begun = performance.now();
  const { repository } = session;
  const { snapshot, note } = await resolveForHere(context, repository, options.snapshot);
  await repository.loadIndex();
  const manifest = await readManifest(repository, snapshot.tree);
  if (manifest === undefined) throw notOurs(snapshot);
  const destination = await destinationOf(context, manifest, options);
  const part = await partOf(session, snapshot, options);
  const wanted = await selection(session, snapshot, part?.select, options.paths);
  const select = (path: Buffer, node: TreeNode) => (isLasting(node) ? wanted(path, node) : "skip");
  const entries = await entriesOf(session, snapshot, destination, select);
  if (options.paths.length === 0) part?.refuseUnknownAgents();
  if (entries.size === 0) throw nothingThere(snapshot);
  const here = await instanceHere(context, destination);
  const everything = looksAtMapping && destination.mappings.length > 0;
  await using preview = await openPreview(context, session, {
    tree: snapshot.tree,
    manifest,
    everything,
  });
  const looked = await lookAhead(context, preview, { manifest, destination, here, options });
  const { sessions, kept } = sessionsHere(looked.sessions, destination, entries);
  const excludes = { earlier: excludesThen(manifest), today: excludesOf(context, []) };
  const compare = (ignoreFilesAt: (path: string) => string) => {
    const given = { manifest, select, excludes, ignoreFilesAt };
    return swapsOf(entries, new LiveScope(destination.places, given), kept.raw);
  };
  const found = compare(preview.at);
  await refuseOwnPlaces(context, found.swaps);
  await refuseWithoutPermission(found.swaps);
  const room = await roomFor(
    [...entries].map(([place, entry]) => ({ path: place.live, bytes: bytesOf(entry) })),
  );
  refuseWithoutRoom(room);
  const owner = await chooseOwner(options.owner, destination);
  const control = await gatewayOf(here);
  const { added, replaced, unchanged } = found.changes;
  const fromSnapshot = [added, replaced, unchanged];
  const document: InPlaceDocument = {
    snapshot: refOf(snapshot),
    dryRun: looksAtMapping,
    target: destination.stateDir,
    isNew: here.survey === undefined,
    places: placesOf(destination, found),
    changes: found.changes,
    files: fromSnapshot.reduce((sum, { files }) => sum + files, 0),
    bytes: fromSnapshot.reduce((sum, { bytes }) => sum + bytes, 0),
    mapped: destination.mappings.map(({ from, to, automatic }) => ({ from, to, automatic })),
    mapping: looked.mapping,
    sessions,
    gateway: control === undefined ? null : { what: control.describe, notes: control.notes },
    room,
    owner: owner?.name ?? null,
    revival: null,
    plugins: looked.plugins,
    safetySnapshot: null,
    undo: { bytes: found.replacedBytes, kept: KEPT_UNTIL },
    downtime: null,
    verified: false,
    notes: [
      ...(note === undefined ? [] : [note]),
      ...destination.notes,
      ...(part?.notes() ?? []),
      ...kept.notes,
    ],
    warnings: [
      ...(isComplete(snapshot)
        ? []
        : ["this snapshot is incomplete: what it lacks stays as it is here"]),
      ...found.warnings,
    ],
    duration: (performance.now() - begun) / 1000,
  };
  return {
    options,
    snapshot,
    manifest,
    destination,
    here,
    control,
    select,
    entries,
    sessions,
    owner,
    compare,
    found,
    document,
  };
}

async function entriesOf(
  { repository }: Session,
  { tree }: Snapshot,
  { places }: Destination,
  select: PartSelector["select"],
): Promise<Map<Place, SnapshotEntry>> {
  const entries = new Map<Place, SnapshotEntry>();
  for (const place of places) {
    const entry = await snapshotEntry(repository, tree, place.from, select);
    if (entry !== undefined && hasTaken(entry)) entries.set(place, entry);
  }
  return entries;
}

function bytesOf({ taken, size, children }: SnapshotEntry): number {
  const below = [...(children?.values() ?? [])].map(bytesOf);
  return below.reduce((sum, bytes) => sum + bytes, taken ? size : 0);
}

/** What was excluded by a person when the snapshot was taken; earlier versions did not say. */
function excludesThen({ excludes, instance }: Manifest): Excludes {
  return { settings: excludes?.settings ?? [], flags: excludes?.flags ?? [], home: instance.home };
}

function placesOf({ places }: Destination, { swaps }: Swaps): InPlaceDocument["places"] {
  return places.flatMap(({ root, from, live }) => {
    const own = swaps.filter(({ place }) => place.root === root);
    if (own.length === 0) return [];
    const kept = own.flatMap((swap) =>
      swap.carry.map((each) => join(pathOf(swap), Buffer.from(each, "latin1").toString())),
    );
    const isWhole = own.some(({ relative, place }) => relative === "" && place.within === "");
    return [{ from, to: live, entries: isWhole ? 0 : own.length, kept: kept.slice(0, MOST_NAMES) }];
  });
}

function notOurs({ id }: Snapshot): ClawbackError {
  return new ClawbackError(
    "E_NO_SNAPSHOT",
    `snapshot ${shortId(id)} has no manifest: what belongs where is not known`,
    { hint: "Restore it with --target <dir>, and put it in place by hand." },
  );
}

function nothingThere({ id }: Snapshot): ClawbackError {
  return new ClawbackError("E_NOT_FOUND", `snapshot ${shortId(id)} has nothing of that`, {
    hint: `Run \`clawback ls ${shortId(id)}\` to see what it has.`,
  });
}
