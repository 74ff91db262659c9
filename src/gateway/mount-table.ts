import { type Mount, readMounts } from "../fs/mount-table.ts";
import { isWithin } from "../openclaw/user-paths.ts";

/** A place that is the same by whatever mount it is looked at. */
export interface Located {
  /** The file system, `major:minor`. */
  device: string;
  /** Absolute, within that file system. */
  path: string;
}

/** What is mounted where for one process: `/proc/<pid>/mountinfo` (proc(5)). */
export class MountTable {
  readonly #mounts: Mount[];

  private constructor(mounts: Mount[]) {
    // The longest mount point that fits is the nearest; of several on one, the last.
    this.#mounts = mounts.reverse().sort((a, b) => b.path.length - a.path.length);
  }

  /** @throws EACCES, ENOENT, EINVAL (a process that has ended) */
  static of(pid: number | "self"): MountTable {
    return new MountTable(readMounts(pid));
  }

  locate(path: string): Located | undefined {
    const mount = this.#mounts.find((each) => isAt(path, each.path));
    if (mount === undefined) return undefined;
    const way = path.slice(mount.path === "/" ? 1 : mount.path.length + 1);
    const base = mount.root === "/" ? "" : mount.root;
    return { device: mount.device, path: way === "" ? mount.root : `${base}/${way}` };
  }
}

/** The way from one place to another that lies within it: `` for itself, else `a/b`. */
export function wayWithin(outer: Located, inner: Located): string | undefined {
  if (inner.device !== outer.device || !isWithin(inner.path, outer.path)) return undefined;
  return inner.path.slice(outer.path.length).replace(/^\//, "");
}

function isAt(path: string, point: string): boolean {
  return point === "/" || path === point || path.startsWith(`${point}/`);
}
