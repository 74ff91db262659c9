import { hostname } from "node:os";
import { userName } from "../repository/key-file.ts";
import type { ArchiveResult } from "../snapshot/archive-options.ts";
import { formatTime } from "../snapshot/go-time.ts";
import type { SnapshotFile } from "../snapshot/snapshot-file.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { programVersion } from "../version.ts";
import type { Wanted } from "./selection.ts";

/**
 * What parents and retention go by: the state directory alone, since other roots come and go; a
 * snapshot of some components or agents is a group of its own, so that it never stands in for a
 * whole one.
 */
export function groupPaths(stateDir: string, { components, agents }: Wanted): string[] {
  const parts = [[...components].sort().join("+"), ...agents.toSorted().map((id) => `@${id}`)];
  const part = parts.join("");
  return [part === "" ? stateDir : `${stateDir}#${part}`];
}

export function sameGroup(snapshot: Snapshot, paths: readonly string[]): boolean {
  return snapshot.hostname === hostname() && snapshot.paths.join("\0") === paths.join("\0");
}

/** What `saveSnapshot` writes. */
export function snapshotFile(
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
