import { ClawbackError } from "../errors.ts";
import { isDirectory, look, type Seen } from "./look.ts";
import type { Planning } from "./planning.ts";
import { below, readable, waysTo, type RawPath } from "./raw-path.ts";

/** Something that stays, and has to be moved for that. */
export interface Carried {
  relative: RawPath;
  seen: Seen;
}

/**
 * What of `carry` is there and can go over: never by way of a link, which a new tree may hold where
 * the old one had a directory.
 * @param inPlace what is in one of these directories stays by not being moved
 */
export function planCarried(
  planning: Pick<Planning, "live" | "slot" | "carry" | "strict" | "bar">,
  inPlace: ReadonlySet<RawPath>,
): Carried[] {
  const { live, slot, strict, bar } = planning;
  const asked = new Set(planning.carry);
  return [...asked].flatMap((relative) => {
    const ways = waysTo(relative);
    if (bar !== undefined && ways.includes(bar.name)) {
      throw new ClawbackError(
        "E_FAILED",
        `${readable(bar.name)} is no file: nothing in it can stay`,
      );
    }
    if (ways.some((way) => asked.has(way))) return [];
    const seen = ways.every((way) => isDirectory(below(live, way)))
      ? look(below(live, relative))
      : undefined;
    if (seen === undefined) return [];
    const stays = inPlace.has(ways.at(-1) ?? "");
    const taken = look(below(slot, relative)) !== undefined;
    const blocked = !stays && !ways.every((way) => isDirectory(below(slot, way)));
    if (!taken && !blocked) return stays ? [] : [{ relative, seen }];
    if (!strict) return [];
    const name = readable(below(live, relative));
    throw new ClawbackError(
      "E_FAILED",
      taken
        ? `${name} is to stay, but there is a new one as well`
        : `${name} is to stay, but what is restored has no directory for it`,
    );
  });
}
