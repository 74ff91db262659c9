import { join } from "node:path";
import { type Changes, noChanges } from "./changes.ts";
import type { Place } from "./destination.ts";
import type { LiveScope } from "./live-scope.ts";
import { mergePlace, type Swap } from "./merge.ts";
import type { SnapshotEntry } from "./snapshot-tree.ts";

/** All that is exchanged, and what that means for what is there. */
export interface Swaps {
  swaps: Swap[];
  changes: Changes;
  /** Bytes that are kept for an undo. */
  replacedBytes: number;
  warnings: string[];
}

/** Compares what is there with what the snapshot has. Changes nothing. */
export function swapsOf(
  entries: ReadonlyMap<Place, SnapshotEntry>,
  scope: LiveScope,
  keptLive: ReadonlySet<string>,
): Swaps {
  const result: Swaps = { swaps: [], changes: noChanges(), replacedBytes: 0, warnings: [] };
  const waiting = [...entries];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [place, entry] = next;
    const swaps = mergePlace({
      place,
      entry,
      scope,
      keptLive,
      changes: result.changes,
      onReplaced: (bytes) => (result.replacedBytes += bytes),
      onMount: (relative, mounted) => waiting.push([mountIn(place, relative), mounted]),
      warn: (message) => result.warnings.push(message),
    });
    result.swaps.push(...swaps);
  }
  return result;
}

/** A mount cannot be renamed: it is a place of its own, whose contents are exchanged. */
function mountIn({ root, within, from, live }: Place, relative: string): Place {
  const text = Buffer.from(relative, "latin1").toString();
  return {
    root,
    within: within === "" ? relative : `${within}/${relative}`,
    from: join(from, text),
    live: join(live, text),
  };
}

/** Where a swap is, as people and the transaction name it. */
export function pathOf({ place, relative }: Swap): string {
  return relative === ""
    ? place.live
    : join(place.live, Buffer.from(relative, "latin1").toString());
}

/** The same place by the name that the snapshot has for it. */
export function nameThenOf({ place, relative }: Pick<Swap, "place" | "relative">): string {
  return relative === ""
    ? place.from
    : join(place.from, Buffer.from(relative, "latin1").toString());
}
