import { dirname } from "node:path/posix";
import { mountsHere } from "../fs/mount-table.ts";
import { look } from "./look.ts";
import { wayTo, type RawPath } from "./raw-path.ts";

/**
 * Whether a path is the root of a mount: a rename of it fails (EBUSY), one out of it too (EXDEV),
 * be it a bind mount of the very same file system. Where the system does not list its mounts, the
 * device tells, which bind mounts share.
 */
export function isMountPoint(path: RawPath): boolean {
  const parent = look(dirname(path));
  const self = look(path);
  if (self === undefined || parent === undefined) return false;
  return path === "/" || self.dev !== parent.dev || mountPoints().includes(path);
}

/** The mounts strictly below a directory, relative to it, without those inside of another. */
export function mountsBelow(directory: RawPath): RawPath[] {
  const ways = mountPoints().flatMap((path) => wayTo(path, directory) ?? []);
  const inside = [...new Set(ways)].filter((way) => way !== "");
  return inside.filter((way) => !inside.some((other) => way.startsWith(`${other}/`)));
}

function mountPoints(): RawPath[] {
  return mountsHere("latin1").map(({ path }) => path);
}
