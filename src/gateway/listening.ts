import { readdir, readFile, readlink } from "node:fs/promises";

const LISTEN = "0A";

/**
 * Whether a process has a TCP socket that listens on a port, by `/proc/<pid>/net/tcp` (proc(5)) of
 * its own network. True also when its descriptors may not be looked at.
 */
export async function isListening(pid: number, port: number): Promise<boolean> {
  const sockets = new Set<string>();
  for (const table of ["tcp", "tcp6"]) {
    const text = await readFile(`/proc/${pid}/net/${table}`, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state !== LISTEN || Number.parseInt(local.split(":")[1] ?? "", 16) !== port) continue;
      sockets.add(`socket:[${inode}]`);
    }
  }
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return true;
  for (const name of names) {
    const target = await readlink(`${folder}/${name}`).catch(() => "");
    if (sockets.has(target)) return true;
  }
  return false;
}
