import { lstat, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClawbackError } from "../errors.ts";
import { syncDirectory } from "../fs/directories.ts";
import { currentProcess } from "../fs/process-identity.ts";
import { openScratch } from "../fs/scratch.ts";
import { restore as restoreTree } from "../snapshot/restorer.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { findEntry, isWithin } from "../snapshot/tree-walker.ts";
import type { OperationContext } from "./context.ts";
import type { SnapshotRef } from "./documents.ts";
import { resolveForHere } from "./latest.ts";
import { notInSnapshot, snapshotPath } from "./ls.ts";
import { refOf } from "./snapshot-documents.ts";
import { withRepository } from "./with-repository.ts";

export interface BesideDocument {
  snapshot: SnapshotRef;
  restored: { path: string; as: string }[];
  files: number;
  bytes: number;
  /** Every chunk was proven by its hash on the way. */
  verified: true;
  notes: string[];
  duration: number;
}

/** Of our own, in the directory of the original, until the name is there. */
const WORKSHOP = ".clawback-beside";

/**
 * Brings files or directories back next to where they are at home: `SOUL.md` becomes
 * `SOUL.md.restored-20261120-080000`, by the time of the snapshot. The original stays as it is.
 *
 * @param options.paths absolute, as the snapshot has them
 * @throws E_NO_SNAPSHOT, E_NOT_FOUND (not in the snapshot, or nothing to be beside of),
 *   E_TARGET_NOT_EMPTY, E_DAMAGED, E_NO_SPACE, E_PERMISSION
 */
export async function restoreBeside(
  context: OperationContext,
  options: { snapshot: string | Date; paths: readonly string[] },
): Promise<BesideDocument> {
  const begun = performance.now();
  return withRepository(context, "read", async ({ repository, signal }) => {
    const { snapshot, note } = await resolveForHere(context, repository, options.snapshot);
    await repository.loadIndex();
    const wanted = await Promise.all(
      options.paths.map(async (path) => {
        const raw = snapshotPath(path);
        const entry = await findEntry(repository, snapshot.tree, raw);
        if (entry === undefined || raw.length === 1) throw notInSnapshot(path, snapshot.id);
        const place = { path: raw.toString(), as: nameBeside(raw.toString(), snapshot) };
        await refusePlace(place);
        return { raw, ...place };
      }),
    );
    const sum = { files: 0, bytes: 0 };
    for (const { raw, path, as } of wanted) {
      const folder = dirname(path);
      await using workshop = await openScratch(join(folder, WORKSHOP), await currentProcess());
      const { files, bytes, faults } = await restoreTree({
        repository,
        tree: snapshot.tree,
        target: Buffer.from(join(workshop.path, "tree")),
        select: (each, node) => {
          if (isWithin(each, raw)) return "take";
          return node.type === "dir" && isWithin(raw, each) ? "descend" : "skip";
        },
        progress: context.progress,
        signal,
      });
      const [fault] = faults;
      if (fault !== undefined) {
        const code = fault.damaged ? "E_DAMAGED" : "E_FAILED";
        throw new ClawbackError(code, `${fault.path.toString()}: ${fault.message}`, {
          hint: "Nothing was put in place. Try an older snapshot, or restore what is whole with --target.",
        });
      }
      await refusePlace({ path, as });
      await rename(join(workshop.path, "tree", path), as);
      await syncDirectory(folder);
      sum.files += files;
      sum.bytes += bytes;
    }
    return {
      snapshot: refOf(snapshot),
      restored: wanted.map(({ path, as }) => ({ path, as })),
      ...sum,
      verified: true,
      notes: note === undefined ? [] : [note],
      duration: (performance.now() - begun) / 1000,
    };
  });
}

function nameBeside(path: string, { time }: Snapshot): string {
  const digits = new Date(time).toISOString().replaceAll(/[-:]/g, "");
  return `${path}.restored-${digits.slice(0, 8)}-${digits.slice(9, 15)}`;
}

/** Never over something, and never into a place that is not there. */
async function refusePlace({ path, as }: { path: string; as: string }): Promise<void> {
  const folder = dirname(path);
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) {
    throw new ClawbackError("E_NOT_FOUND", `${folder} is no directory here`, {
      hint: "There is nothing to restore it beside: name a directory with --target.",
    });
  }
  if ((await lstat(as).catch(() => undefined)) !== undefined) {
    throw new ClawbackError("E_TARGET_NOT_EMPTY", `${as} is there already`, {
      hint: "It was restored before: look at it, or move it away.",
    });
  }
}
