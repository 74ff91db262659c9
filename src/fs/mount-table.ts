import { readFileSync } from "node:fs";

/** A line of `/proc/<pid>/mountinfo` (proc(5)). */
export interface Mount {
  /** The file system, `major:minor`. */
  device: string;
  /** What of the file system is mounted. */
  root: string;
  /** Where. */
  path: string;
  /** Its own options, not those of its file system: `rw`, `nosuid`, `noexec` … */
  options: string[];
}

/**
 * What is mounted where for one process, in the order of mounting.
 *
 * @param encoding of the paths; as latin1 they are raw bytes
 * @throws EACCES, ENOENT (also where there is no such list), EINVAL (a process that has ended)
 */
export function readMounts(pid: number | "self", encoding: "utf8" | "latin1" = "utf8"): Mount[] {
  return parseMounts(readFileSync(`/proc/${pid}/mountinfo`, encoding));
}

/** The same for this process; empty where the system does not list its mounts. */
export function mountsHere(encoding: "utf8" | "latin1" = "utf8"): Mount[] {
  try {
    return readMounts("self", encoding);
  } catch {
    return [];
  }
}

export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [, , device, root, path, options] = line.split(" ");
    if (device === undefined || root === undefined) return [];
    if (path === undefined || options === undefined) return [];
    return [{ device, root: unescaped(root), path: unescaped(path), options: options.split(",") }];
  });
}

/** Blanks, tabs, line feeds and backslashes are written as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
