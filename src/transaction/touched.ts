import { dirname } from "node:path/posix";
import type { Carried } from "./carried.ts";
import { touch, type Touched } from "./directory-facts.ts";
import type { Planning } from "./planning.ts";
import { below, wayTo, type RawPath } from "./raw-path.ts";
import { STAGING_PREFIX } from "./staging.ts";
import type { Step } from "./steps.ts";

/** The directories whose facts change with the steps, and those that may have to be opened. */
export function touchedBy(
  steps: readonly Step[],
  { live, slot }: Planning,
  carried: readonly Carried[],
  inPlace: ReadonlySet<RawPath> = new Set(),
): Touched[] {
  const ways = new Set<RawPath>(inPlace);
  for (const step of steps) {
    const paths = step.kind === "move" ? [step.from, step.to] : [step.at, step.with];
    for (const path of paths) {
      for (const each of [dirname(path), path]) {
        // The slot first: it may lie in the live tree, in a staging of ours.
        const way = wayTo(each, slot) ?? wayTo(each, live);
        if (way?.startsWith(STAGING_PREFIX) === false) ways.add(way);
      }
    }
  }
  const staying = new Set(carried.map(({ relative }) => relative));
  return [...ways].flatMap((way) => {
    const [old, fresh] = [below(live, way), below(slot, way)];
    // It goes over, and is at its old place again when the trees have changed places.
    if (staying.has(way)) return touch(old, old);
    return [...touch(old, fresh), ...touch(fresh, old)];
  });
}
