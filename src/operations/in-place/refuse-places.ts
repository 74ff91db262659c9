import { ClawbackError } from "../../errors.ts";
import { isSystemPlace } from "../../openclaw/system-places.ts";
import { isWithin } from "../../openclaw/user-paths.ts";
import type { KnownRoot } from "../root-index.ts";

/** Where a root goes. */
interface Goal {
  root: KnownRoot;
  from: string;
  /** Absolute, links resolved. */
  live: string;
}

/** Anybody's, though it lies among devices. */
const SHARED_MEMORY = "/dev/shm";

/**
 * What is not in the snapshot goes from a place: that is never a home, what holds one, or the
 * system's own.
 *
 * @param homes absolute, links resolved
 * @throws E_USAGE
 */
export function refuseWidePlace({ root, live }: Goal, homes: readonly string[]): void {
  const isWide = homes.some((home) => isWithin(home, live));
  const isSystems = isSystemPlace(live, homes[0] ?? "/") && !isWithin(live, SHARED_MEMORY);
  if (!isWide && !(root.isDirectory && isSystems)) return;
  throw new ClawbackError("E_USAGE", `${live} is not replaced as a whole`, {
    hint: "It holds more than an agent's files. Map it elsewhere (--map OLD=NEW), or use --target.",
  });
}

/** @throws E_USAGE */
export function refuseNested(places: readonly Goal[]): void {
  for (const outer of places) {
    for (const inner of places) {
      if (inner === outer || !isWithin(inner.live, outer.live)) continue;
      throw new ClawbackError(
        "E_USAGE",
        `${inner.from} would go to ${inner.live}, which lies in ${outer.live}, the place of ${outer.from}`,
        { hint: "Map them to places that do not hold each other: --map OLD=NEW" },
      );
    }
  }
}
