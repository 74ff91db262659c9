import { readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
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

/** From `/proc/self/mountinfo`, proc(5): blanks and the like are written as three octal digits. */
function mountPoints(): RawPath[] {
  return mountTable()
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((path) =>
      path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8)),
      ),
    );
}

function mountTable(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    return "";
  }
}
