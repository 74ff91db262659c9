import { dirname, join } from "node:path";
import { ClawbackError } from "../../errors.ts";
import { realPathOfFuture } from "../../fs/paths.ts";
import { isWithin } from "../../openclaw/user-paths.ts";
import { parseLocation } from "../../storage/location.ts";
import type { OperationContext } from "../context.ts";
import type { Swap } from "./merge.ts";
import { pathOf } from "./swaps.ts";

/**
 * What Clawback itself needs is neither replaced nor taken away, wherever somebody has put it: a
 * repository would go with the tree that it lies in, and the journal while it is written.
 *
 * @throws E_REPO_INSIDE_SOURCE, E_USAGE
 */
export async function refuseOwnPlaces(
  { location, home, places, phraseFile }: OperationContext,
  swaps: readonly Swap[],
): Promise<void> {
  const { scheme, path: repository } = parseLocation(location, { home });
  const ours = [places.stateDir, dirname(places.configFile), places.secretsDir, phraseFile];
  for (const own of scheme === "local" ? [repository, ...ours] : ours) {
    const real = await realPathOfFuture(own);
    const mayCome = own !== places.stateDir;
    const swap = swaps.find((each) => isHit(each, real, mayCome));
    if (swap === undefined) continue;
    throw new ClawbackError(
      own === repository ? "E_REPO_INSIDE_SOURCE" : "E_USAGE",
      `Clawback's own ${own} and ${pathOf(swap)}, which would be replaced, lie within each other`,
      { hint: "Nothing was changed. Move it elsewhere first, or restore a part with --path." },
    );
  }
}

/** @param mayCome it may lie in what comes along into the new tree */
function isHit(swap: Swap, own: string, mayCome: boolean): boolean {
  const path = pathOf(swap);
  if (isWithin(path, own)) return true;
  if (!isWithin(own, path)) return false;
  const carried = swap.carry.map((each) => join(path, Buffer.from(each, "latin1").toString()));
  return !(mayCome && carried.some((each) => isWithin(own, each)));
}
