import { existsSync } from "node:fs";
import { ClawbackError } from "../../errors.ts";
import type { SessionChoice } from "../../openclaw/portability/compare-sessions.ts";
import { classifyIn } from "../../openclaw/roots.ts";
import type { Destination, Place } from "./destination.ts";
import { hasTaken, type SnapshotEntry } from "./snapshot-tree.ts";

/** The sessions that a restore in place touches, and what stays of them. */
export interface Sessions {
  sessions: SessionChoice[];
  kept: {
    /** Absolute, as here, as latin1: what stays as it is live. */
    raw: ReadonlySet<string>;
    notes: string[];
  };
}

/** @param choices by their places here */
export function sessionsHere(
  choices: readonly SessionChoice[],
  { places }: Destination,
  entries: ReadonlyMap<Place, SnapshotEntry>,
): Sessions {
  const raw = new Set<string>();
  const notes: string[] = [];
  const sessions: SessionChoice[] = [];
  for (const choice of choices) {
    const located = choice.paths.map((path) => locate(path, places));
    const touched = located.filter((one) => one !== undefined && isTaken(one, entries));
    if (touched.length === 0) continue;
    const inDatabase = touched.find((one) => one !== undefined && holdsMore(one));
    if (choice.keep === "live" && inDatabase !== undefined) {
      const why = "it lies in a database that comes back as a whole";
      notes.push(`The ${choice.channel} session of ${choice.account} is the snapshot's: ${why}.`);
      sessions.push({ ...choice, keep: "snapshot", why });
      continue;
    }
    sessions.push(choice);
    if (choice.keep !== "live") continue;
    for (const path of choice.paths) raw.add(Buffer.from(path).toString("latin1"));
  }
  return { sessions, kept: { raw, notes } };
}

/**
 * The new tree has none of the sessions that stay: one that has gone since would be in neither.
 * @throws E_FAILED
 */
export function refuseLostSessions(sessions: readonly SessionChoice[]): void {
  for (const { keep, channel, account, paths } of sessions) {
    if (keep !== "live" || paths.some((path) => existsSync(path))) continue;
    throw new ClawbackError(
      "E_FAILED",
      `the ${channel} session of ${account} was to stay, and is gone meanwhile`,
      { hint: "Nothing was changed. Run it again: the plan will be another one." },
    );
  }
}

interface Located {
  place: Place;
  /** Below the place. */
  relative: string;
}

function locate(path: string, places: readonly Place[]): Located | undefined {
  const place = places.find(({ live }) => path === live || path.startsWith(`${live}/`));
  return place && { place, relative: path.slice(place.live.length + 1) };
}

/** Something of the snapshot, or of what is wanted of it, would be put there. */
function isTaken(
  { place, relative }: Located,
  entries: ReadonlyMap<Place, SnapshotEntry>,
): boolean {
  let entry = entries.get(place);
  for (const name of relative === "" ? [] : relative.split("/")) {
    if (entry?.children === undefined) return false;
    const isWhole = entry.taken;
    entry = entry.children.get(Buffer.from(name).toString("latin1"));
    // The snapshot has none, and takes away what is there.
    if (entry === undefined) return isWhole;
  }
  return entry !== undefined && hasTaken(entry);
}

function holdsMore({ place, relative }: Located): boolean {
  return classifyIn(place.root, relative, false).holds.length > 0;
}
