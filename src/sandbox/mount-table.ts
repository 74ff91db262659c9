import { readFile } from "node:fs/promises";

/** A mount of this process, as `/proc/self/mountinfo` shows it (proc(5)). */
export interface MountPoint {
  path: string;
  /** Its own options, not those of its file system: `rw`, `nosuid`, `noexec` … */
  options: string[];
}

export async function mountTable(): Promise<MountPoint[]> {
  return parseMountTable(await readFile("/proc/self/mountinfo", "utf8").catch(() => ""));
}

export function parseMountTable(text: string): MountPoint[] {
  return text.split("\n").flatMap((line) => {
    const [, , , , path, options] = line.split(" ");
    if (path === undefined || options === undefined) return [];
    return [{ path: unescaped(path), options: options.split(",") }];
  });
}

/** Blanks, tabs, line feeds and backslashes are written as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
