import { accessSync, constants } from "node:fs";
import { dirname } from "node:path/posix";
import { ClawbackError } from "../errors.ts";
import { realPathOfFuture } from "../fs/paths.ts";
import { look } from "./look.ts";
import { isMountPoint, mountsBelow } from "./mounts.ts";
import { below, bytesOf, rawPath, readable, wayTo, waysTo, type RawPath } from "./raw-path.ts";
import type { Staging } from "./replacement.ts";

/** Neither this nor anything below it looks like a profile of an instance. */
export const STAGING_PREFIX = ".clawback-restore-";
/** Where bars are, and what is between two places, in a staging. */
export const WORK = ".work";
/** Says what the directory is, to whoever finds it. */
const MARKER = "WHAT-IS-THIS.txt";

/**
 * Where the new tree of `live` can be built so that it gets there by renames alone: beside it, or
 * inside of it where it is a mount point or where its parent may not be written. What does not
 * exist yet is built beside the first directory that will be made for it.
 *
 * @param live absolute, links resolved
 * @param root the tree that `live` is a part of: it is built beside that, if renames lead from there
 * @throws ClawbackError `E_FAILED` for a link or a mounted file, `E_PERMISSION`.
 */
export async function stagingFor(live: string, id: string, root = live): Promise<Staging> {
  const path = rawPath(live);
  const seen = look(path);
  if (seen?.stat.isSymbolicLink() === true || (await realPathOfFuture(live)) !== live) {
    throw new ClawbackError("E_FAILED", `${live} is reached by a symbolic link`, {
      hint: `Name the place itself: ${await realPathOfFuture(live)}`,
    });
  }
  const how = seen?.stat.isDirectory() === true ? howTo(path) : "whole";
  if (seen?.stat.isFile() === true && isMountPoint(path)) throw mountedFile(path);
  if (isOneTree(path, rawPath(root))) {
    return { directory: (await stagingFor(root, id)).directory, how };
  }
  if (seen === undefined) return { directory: inside(existingAbove(path), id), how };
  const isInside = isMountPoint(path) || (how === "children" && !mayWrite(dirname(path)));
  return { directory: inside(writable(isInside ? path : dirname(path)), id), how };
}

function howTo(directory: RawPath): Staging["how"] {
  const fixed = isMountPoint(directory) || !mayWrite(dirname(directory));
  return fixed || mountsBelow(directory).length > 0 ? "children" : "whole";
}

/** Whether a path is strictly below a directory that exists, and no mount comes in between. */
function isOneTree(path: RawPath, root: RawPath): boolean {
  const way = wayTo(path, root);
  if (way === undefined || way === "" || look(root) === undefined) return false;
  return ![...waysTo(way), way].some((each) => isMountPoint(below(root, each)));
}

export function mountedFile(path: RawPath): ClawbackError {
  return new ClawbackError("E_FAILED", `${readable(path)} is mounted: it cannot be replaced`, {
    hint: "Unmount it (for a container: without that volume), or restore the rest with --path.",
  });
}

function inside(directory: RawPath, id: string): string {
  return readable(below(directory, `${STAGING_PREFIX}${id}`));
}

function existingAbove(path: RawPath): RawPath {
  let above = dirname(path);
  while (look(above) === undefined) above = dirname(above);
  return writable(above);
}

function writable(directory: RawPath): RawPath {
  if (mayWrite(directory)) return directory;
  throw new ClawbackError("E_PERMISSION", `cannot write to ${readable(directory)}`, {
    hint: "Run as the user it belongs to, or mount it writable.",
  });
}

function mayWrite(directory: RawPath): boolean {
  try {
    accessSync(bytesOf(directory), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a directory bears our mark, so that it may be removed, and is nobody's data. */
export function isMarked(directory: RawPath): boolean {
  return look(markerOf(directory))?.stat.isFile() === true;
}

export function markerOf(directory: RawPath): RawPath {
  return below(directory, MARKER);
}

export function markerText(state: "building" | "kept"): string {
  const what =
    state === "building"
      ? [
          "Clawback is replacing something near here by what it was in a backup, and this is part of it.",
          "If no such restore runs any more, it was cut off: the next clawback command, `clawback snapshots`",
          "for one, completes it or takes it back. Do not remove or change this directory by hand.",
        ]
      : [
          "This is what Clawback keeps since its last restore in place. `clawback undo` puts it back.",
          "It goes with the next restore. It may be removed, but then nothing can be undone any more.",
        ];
  return `${what.join("\n")}\n`;
}
