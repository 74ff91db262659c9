import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { realPathOfFuture } from "../fs/paths.ts";
import { MountTable, wayWithin } from "./mount-table.ts";
import type { Located } from "./mount-table.ts";
import type { Occupancy, Occupant } from "./occupant.ts";
import { occupantsByLsof } from "./occupants-lsof.ts";
import { mountNamespaceOf, openPlacesOf, programNameOf } from "./open-places.ts";
import type { OpenPlace } from "./open-places.ts";
import { commandOf, descendantsOf, everyPid } from "./process-table.ts";

export interface OccupantOptions {
  /** Left out together with all that descend from them: ourselves, with keeper and workers. */
  besides?: readonly number[];
  platform?: NodeJS.Platform;
}

/** A directory that was asked for. */
interface Wanted {
  path: string;
  at: Located | undefined;
}

/**
 * The processes that have their working directory, their root, an open file or a mapped one in any
 * of these directories, be it by another mount or from a container: places are compared by file
 * system and path within it. What was removed meanwhile counts, the directory itself too: who was
 * at work in it writes to whatever takes its place.
 *
 * @param paths absolute
 */
export async function occupantsOf(
  paths: readonly string[],
  { besides = [], platform = process.platform }: OccupantOptions = {},
): Promise<Occupancy> {
  const real = [...new Set(await Promise.all(paths.map((path) => realPathOfFuture(path))))];
  const ours = new Set(besides);
  // It tells only of what is there.
  if (platform !== "linux")
    return occupantsByLsof(
      real.filter((path) => existsSync(path)),
      ours,
    );
  for (const pid of besides) for (const child of await descendantsOf(pid)) ours.add(child);
  const tables = new Tables();
  const wanted = real.map((path) => ({ path, at: tables.own.locate(path) }));
  const occupants: Occupant[] = [];
  let unseen = 0;
  for (const pid of await everyPid()) {
    if (ours.has(pid)) continue;
    const places = openPlacesOf(pid);
    if (places === "unseen" && !(await isKernelThread(pid))) unseen += 1;
    const found = Array.isArray(places) ? firstWithin(places, tables.of(pid), wanted) : undefined;
    const command = found === undefined ? undefined : programNameOf(pid);
    if (found !== undefined && command !== undefined) occupants.push({ pid, command, ...found });
    await breathe();
  }
  return { occupants: occupants.sort((a, b) => a.pid - b.pid), unseen };
}

/** One table a mount namespace. */
class Tables {
  readonly own = MountTable.of("self");
  readonly #known = new Map([[mountNamespaceOf("self"), this.own]]);

  of(pid: number): MountTable {
    const namespace = mountNamespaceOf(pid);
    const known = this.#known.get(namespace);
    if (known !== undefined) return known;
    try {
      const table = MountTable.of(pid);
      this.#known.set(namespace, table);
      return table;
    } catch {
      // It has just ended.
      return this.own;
    }
  }
}

function firstWithin(
  places: readonly OpenPlace[],
  table: MountTable,
  wanted: readonly Wanted[],
): Pick<Occupant, "how" | "path"> | undefined {
  for (const { how, path } of places) {
    const located = table.locate(path);
    for (const { path: outer, at } of wanted) {
      if (located === undefined || at === undefined) continue;
      const way = wayWithin(at, located);
      if (way !== undefined) return { how, path: join(outer, way) };
    }
  }
  return undefined;
}

/** It has no command line, and works in no directory of ours. */
async function isKernelThread(pid: number): Promise<boolean> {
  return (await commandOf(pid)).length === 0;
}
