import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { isWithin } from "../openclaw/user-paths.ts";
import type { Mount } from "../fs/mount-table.ts";

/** What stands at one place of a box. Everything else is empty or not there. */
export type Fixture =
  | MachineFixture
  /** A directory of the copy. Writing goes to `upper` where the copy is to stay as it is. */
  | { kind: "copy"; at: string; from: string; upper: string }
  /** A file of the copy. */
  | { kind: "file"; at: string; from: string }
  /** A directory of our own that both sides see and write to. */
  | { kind: "shared"; at: string; from: string }
  /** Empty. */
  | { kind: "directory"; at: string }
  /** In memory, of all users. */
  | { kind: "memory"; at: string; size: string }
  | { kind: "link"; at: string; to: string }
  | { kind: "text"; at: string; content: string };

/** A directory or file of this machine, to be read only. */
interface MachineFixture {
  kind: "machine";
  at: string;
  from: string;
  /** The mounts in it, by their paths below it, with the options that must not get lost. */
  seals: { inside: string; options: string[] }[];
}

/**
 * A place of this machine, for reading.
 *
 * @param at where it stands in the box, when not at its own place
 * @returns undefined when there is no such place
 */
export async function machineFixture(
  path: string,
  mounts: readonly Mount[],
  at = path,
): Promise<Fixture | undefined> {
  const info = await lstat(path).catch(() => undefined);
  if (info === undefined) return undefined;
  if (info.isSymbolicLink()) return { kind: "link", at, to: await readlink(path) };
  const from = await realpath(path);
  // Writing to a device is what it is for, and changes nothing.
  if (info.isCharacterDevice()) return { kind: "machine", at, from, seals: [] };
  const covering = mounts.findLast((mount) => isWithin(from, mount.path))?.options ?? [];
  const inner = mounts.filter((mount) => mount.path !== from && isWithin(mount.path, from));
  const seals = [
    { inside: "", options: covering },
    ...inner.map((mount) => ({ inside: mount.path.slice(from.length), options: mount.options })),
  ];
  return {
    kind: "machine",
    at,
    from,
    seals: seals.map(({ inside, options }) => {
      return { inside, options: options.filter((option) => option === "noexec") };
    }),
  };
}

/** Parents before what lies in them; links last, for their places may be reached through others. */
export function inOrder(fixtures: readonly Fixture[]): Fixture[] {
  const rank = ({ kind }: Fixture): number => (kind === "link" ? 1 : 0);
  return fixtures.toSorted((a, b) => rank(a) - rank(b) || (a.at < b.at ? -1 : 1));
}

/** Every directory that leads to a place, from the top. */
export function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === "/" || parent === "." ? [] : [...parentsOf(parent), parent];
}
