import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { errno } from "../errors.ts";

export type How = "working directory" | "root" | "open file" | "mapped";

/** Where a process is at work, by the names of its own mount namespace. */
export interface OpenPlace {
  how: How;
  path: string;
}

/**
 * The places of a process. Synchronous, as there are thousands of links in `/proc`, and each is
 * read in microseconds.
 *
 * @returns `unseen` for one that may not be looked into
 */
export function openPlacesOf(pid: number): OpenPlace[] | "gone" | "unseen" {
  try {
    const places: OpenPlace[] = [
      { how: "working directory", path: readlinkSync(`/proc/${pid}/cwd`) },
      { how: "root", path: readlinkSync(`/proc/${pid}/root`) },
    ];
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const path = linkOrNone(`/proc/${pid}/fd/${descriptor}`);
      if (path !== undefined) places.push({ how: "open file", path });
    }
    for (const path of mappedBy(pid)) places.push({ how: "mapped", path });
    return places
      .filter(({ path }) => path.startsWith("/"))
      .map(({ how, path }) => ({ how, path: path.replace(/ \(deleted\)$/, "") }));
  } catch (error) {
    return ["EACCES", "EPERM"].includes(errno(error) ?? "") ? "unseen" : "gone";
  }
}

/** Which mount namespace its paths belong to. */
export function mountNamespaceOf(pid: number | "self"): string | undefined {
  return linkOrNone(`/proc/${pid}/ns/mnt`);
}

/** The program file's name: a process may call itself whatever it likes. Undefined: it has ended. */
export function programNameOf(pid: number): string | undefined {
  const program = linkOrNone(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, "");
  return program?.split("/").at(-1);
}

function mappedBy(pid: number): Set<string> {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  return new Set(
    lines.flatMap((line) => (line.includes("/") ? [line.slice(line.indexOf("/"))] : [])),
  );
}

/** A descriptor may be closed while we look. */
function linkOrNone(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
