import { isWithin } from "../user-paths.ts";

/** One place that became another: both absolute, without a slash at the end. */
export interface PathMapping {
  from: string;
  to: string;
}

/**
 * Where a path is after a move. The longest mapping that holds it decides, and is applied once, so
 * that `A=B` beside `B=A` exchanges the two.
 *
 * @param path absolute
 * @returns the same path when no mapping holds it
 */
export function mapPath(path: string, mappings: readonly PathMapping[]): string {
  const best = longestFirst(mappings).find(({ from }) => isWithin(path, from));
  return best === undefined ? path : best.to + path.slice(best.from.length);
}

/** In the order in which they are to be tried. */
export function longestFirst(mappings: readonly PathMapping[]): PathMapping[] {
  return mappings.toSorted((a, b) => b.from.length - a.from.length);
}
