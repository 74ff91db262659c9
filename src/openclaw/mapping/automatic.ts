import { parse } from "node:path";
import type { InstanceCopy } from "../instance-copy.ts";
import { mapPath } from "./map-path.ts";
import type { PathMapping } from "./map-path.ts";

/** Homes and state directories of the machine of a snapshot, and of this one. All absolute. */
export interface Move {
  fromHome: string;
  toHome: string;
  fromStateDir: string;
  toStateDir: string;
}

/** What a move from one home to another means for paths: nothing, when nothing changes its place. */
export function automaticMappings(move: Move): PathMapping[] {
  const mappings: PathMapping[] = [];
  // Somebody without a home has `/`: nothing can be told from that.
  if (move.fromHome !== move.toHome && !isRoot(move.fromHome) && !isRoot(move.toHome)) {
    mappings.push({ from: move.fromHome, to: move.toHome });
  }
  if (mapPath(move.fromStateDir, mappings) !== move.toStateDir) {
    mappings.push({ from: move.fromStateDir, to: move.toStateDir });
  }
  return mappings;
}

/**
 * The mappings, and beside them the same for the places that links of the old machine led to. A home
 * `/home/al` that was a link to `/data/al` has left both names in files; the link itself belongs to
 * the machine and did not come along. Restoring to where a root belongs needs this, too.
 */
export function withRealPlaces(
  mappings: readonly PathMapping[],
  roots: InstanceCopy["roots"],
): PathMapping[] {
  const all = [...mappings];
  for (const { path, realPath, statePath } of roots) {
    // Where a link stands in a tree that is taken, the link comes along.
    if (path === realPath || statePath !== undefined) continue;
    const to = mapPath(path, mappings);
    if (to === path || mapPath(realPath, all) !== realPath) continue;
    all.push(withoutCommonEnd({ named: path, real: realPath, to }));
  }
  return all;
}

/** The widest place of which the link must have spoken. */
function withoutCommonEnd(place: { named: string; real: string; to: string }): PathMapping {
  let { named, real, to } = place;
  for (;;) {
    const [a, b, c] = [parse(named), parse(real), parse(to)];
    const isEnd = [a, b, c].some(({ dir, root }) => dir === root);
    if (isEnd || a.base !== b.base || a.base !== c.base || a.dir === b.dir) break;
    [named, real, to] = [a.dir, b.dir, c.dir];
  }
  return { from: real, to };
}

function isRoot(path: string): boolean {
  return parse(path).root === path;
}
