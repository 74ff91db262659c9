import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { ClawbackError, errno } from "../errors.ts";
import { isInside } from "../fs/paths.ts";
import { freeBytes } from "../fs/space.ts";
import type { TreeNode } from "../snapshot/node.ts";
import { restore as restoreTree } from "../snapshot/restorer.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { zeroBytes } from "../snapshot/zero-chunk.ts";
import { walkTree } from "../snapshot/tree-walker.ts";
import { parseLocation } from "../storage/location.ts";
import { type Adaptation, adaptation } from "./adapt-restored.ts";
import type { PartSelector } from "./component-selector.ts";
import type { OperationContext } from "./context.ts";
import type { RestoreDocument } from "./documents.ts";
import { resolveForHere } from "./latest.ts";
import { partOf, selection, type WantedParts } from "./restore-selection.ts";
import { isComplete, refOf } from "./snapshot-documents.ts";
import { type Session, withRepository } from "./with-repository.ts";

export interface RestoreOptions extends WantedParts {
  /** `latest`, an id or its beginning, or a moment. */
  snapshot: string | Date;
  /** Absolute. */
  target: string;
  /** What is changed in it once it is there; undefined: nothing. */
  adapt?: Adaptation;
  dryRun: boolean;
}

type Select = PartSelector["select"];

/**
 * Lays a snapshot out below a directory that is empty or not there yet. The live instance is not
 * touched. Every chunk is proven by its hash before it is written.
 *
 * @throws E_USAGE (an unknown component or agent), E_TARGET_NOT_EMPTY, E_NO_SNAPSHOT,
 *   E_AMBIGUOUS_ID, E_NOT_FOUND, E_NO_SPACE
 */
export async function restore(
  context: OperationContext,
  options: RestoreOptions,
): Promise<RestoreDocument> {
  const begun = performance.now();
  const target = resolve(options.target);
  await refuseTarget(context, target);
  return withRepository(context, "read", async (session) => {
    const { repository, signal } = session;
    const { snapshot, note } = await resolveForHere(context, repository, options.snapshot);
    await repository.loadIndex();
    const part = await partOf(session, snapshot, options);
    const adapt = options.adapt && (await adaptation(repository, snapshot, options.adapt));
    const select = await selection(session, snapshot, part?.select, options.paths);
    const planned = await count(session, snapshot, select);
    // With paths not every entry was asked about.
    if (options.paths.length === 0) part?.refuseUnknownAgents();
    if (planned.files + planned.directories === 0) {
      throw new ClawbackError(
        "E_NOT_FOUND",
        `snapshot ${snapshot.id.slice(0, 8)} has nothing of that`,
        {
          hint: `run \`clawback ls ${snapshot.id.slice(0, 8)}\` to see what it has`,
        },
      );
    }
    await refuseWithoutRoom(target, planned.room);
    const document: RestoreDocument = {
      snapshot: refOf(snapshot),
      dryRun: options.dryRun,
      target,
      files: planned.files,
      bytes: planned.bytes,
      verified: false,
      damaged: false,
      mapped: options.adapt?.mappings.map(({ from, to }) => ({ from, to })) ?? [],
      errors: [],
      notes: [...(note === undefined ? [] : [note]), ...(part?.notes() ?? [])],
      warnings: isComplete(snapshot)
        ? []
        : [
            "this snapshot is incomplete: its manifest, /.clawback/manifest.json, names what it lacks",
          ],
      duration: 0,
    };
    if (!options.dryRun) {
      const { tree } = snapshot;
      const progress = context.progress;
      const result = await restoreTree({
        repository,
        tree,
        target: Buffer.from(target),
        select,
        progress,
        signal,
      });
      document.files = result.files;
      document.bytes = result.bytes;
      document.damaged = result.faults.some(({ damaged }) => damaged);
      document.verified = result.faults.length === 0;
      document.errors = result.faults.map(({ path, message }) => ({
        path: path.toString(),
        message,
      }));
      const mapping = await adapt?.(target, signal);
      if (mapping !== undefined) document.mapping = mapping;
    }
    return { ...document, duration: (performance.now() - begun) / 1000 };
  });
}

/** What would be restored, and the room that it takes: holes take none. */
async function count(
  { repository, signal }: Session,
  snapshot: Snapshot,
  select: Select,
): Promise<{ files: number; directories: number; bytes: number; room: number }> {
  const sum = { files: 0, directories: 0, bytes: 0, room: 0 };
  const enter = (entry: { path: Buffer; node: TreeNode }) =>
    select(entry.path, entry.node) !== "skip";
  // What is damaged is told of when it is restored.
  for await (const { path, node } of walkTree(repository, snapshot.tree, enter, () => {})) {
    signal.throwIfAborted();
    if (select(path, node) !== "take") continue;
    if (node.type === "dir") sum.directories++;
    else sum.files++;
    const size = Number(node.size ?? 0n);
    sum.bytes += size;
    sum.room += size - zeroBytes(node);
  }
  return sum;
}

async function refuseTarget(context: OperationContext, target: string): Promise<void> {
  const location = parseLocation(context.location, { home: context.home });
  if (location.scheme === "local" && (await isInside(target, location.path))) {
    throw new ClawbackError("E_USAGE", "the target lies inside the repository", {
      hint: "name a directory elsewhere with --target",
    });
  }
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    if (errno(error) === "ENOENT") return;
    if (errno(error) !== "ENOTDIR") throw error;
    throw new ClawbackError("E_TARGET_NOT_EMPTY", `${target} is a file`, {
      hint: "name a new or empty directory with --target",
    });
  }
  if (names.length > 0) {
    throw new ClawbackError("E_TARGET_NOT_EMPTY", `${target} is not empty`, {
      hint: "nothing was touched; name a new or empty directory with --target",
    });
  }
}

async function refuseWithoutRoom(target: string, bytes: number): Promise<void> {
  const free = await freeBytes(target);
  if (free >= bytes) return;
  const mib = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  throw new ClawbackError(
    "E_NO_SPACE",
    `${target} has room for ${mib(free)}, the restore needs ${mib(bytes)}`,
    {
      hint: "free some space, name a target on another disk, or restore a part with --path or --component",
    },
  );
}
