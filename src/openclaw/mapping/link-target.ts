import { dirname, isAbsolute, relative, resolve } from "node:path";
import { mapPath } from "./map-path.ts";
import type { PathMapping } from "./map-path.ts";

/**
 * What a link says after a move: the same thing, or, relative as it was, the same place as seen
 * from where the link has gone.
 *
 * @param path the link's place at home, its directory without links
 */
export function movedTarget(
  path: string,
  target: string,
  mappings: readonly PathMapping[],
): string {
  if (isAbsolute(target)) return mapPath(target, mappings);
  const there = dirname(mapPath(path, mappings));
  const meant = mapPath(resolve(dirname(path), target), mappings);
  return resolve(there, target) === meant ? target : relative(there, meant);
}
