import { lstat, realpath } from "node:fs/promises";
import { hostname } from "node:os";
import { realPathOfFuture } from "../../fs/paths.ts";
import { statePlaces } from "../../openclaw/find-instance.ts";
import { automaticMappings, withRealPlaces } from "../../openclaw/mapping/automatic.ts";
import { mapPath, type PathMapping } from "../../openclaw/mapping/map-path.ts";
import { KINDS } from "../../openclaw/root-kinds.ts";
import { isWithin, openclawHome } from "../../openclaw/user-paths.ts";
import type { OperationContext } from "../context.ts";
import type { Manifest } from "../manifest.ts";
import type { KnownRoot } from "../root-index.ts";
import type { InPlaceOptions } from "./options.ts";
import { refuseNested, refuseWidePlace } from "./refuse-places.ts";

/** A root of the snapshot, or a mount in it, and where it belongs here. */
export interface Place {
  root: KnownRoot;
  /** Where it is within the root: relative, as latin1; empty for the root itself. */
  within: string;
  /** Where its bytes were; the snapshot's tree has it there. */
  from: string;
  /** Where it goes: absolute, links resolved. It need not exist. */
  live: string;
}

/** Where a snapshot goes on this machine. */
export interface Destination {
  /** The state directory by its name, which may be a link. */
  stateDir: string;
  home: string;
  /** All that hold: given, automatic, and of roots whose bytes lie elsewhere now. */
  mappings: (PathMapping & { automatic: boolean })[];
  places: Place[];
  /** It comes from another machine, or another home. */
  isMoved: boolean;
  notes: string[];
}

/**
 * Says where everything of a snapshot belongs here: where it was, unless mappings say otherwise, or
 * another state directory was asked for.
 *
 * @throws E_USAGE when two roots would come to lie within each other, or one would be more than an
 *   agent's
 */
export async function destinationOf(
  context: OperationContext,
  { instance, roots }: Manifest,
  options: Pick<InPlaceOptions, "mappings" | "automaticMapping" | "services">,
): Promise<Destination> {
  const asked = await namedStateDir(context);
  const home = homeFor(asked, instance) ?? openclawHome({ ...context, platform: process.platform });
  const homes = { from: instance.home, to: home };
  const given = options.mappings.map((each) => ({ ...each, automatic: false }));
  const usual = options.automaticMapping && homes.from !== homes.to ? [homes] : [];
  const stateDir = asked ?? mapPath(instance.stateDir, [...usual, ...options.mappings]);
  const move = {
    fromHome: instance.home,
    toHome: home,
    fromStateDir: instance.stateDir,
    toStateDir: stateDir,
  };
  const automatic = (options.automaticMapping ? automaticMappings(move) : [])
    .filter(({ from }) => !given.some((each) => each.from === from))
    .map((each) => ({ ...each, automatic: true }));
  const mappings = [...given, ...automatic];
  for (const real of withRealPlaces(mappings, roots).slice(mappings.length)) {
    mappings.push({ ...real, automatic: true });
  }
  const isMoved = instance.hostname !== hostname() || homes.from !== homes.to;
  const realHomes = await Promise.all([home, context.home].map((each) => realPathOfFuture(each)));
  const notes: string[] = [];
  const places: Place[] = [];
  for (const root of roots) {
    if (KINDS[root.kind].machineBound === true && isMoved && !options.services) {
      notes.push(
        `${root.path} starts the gateway of the machine it was taken from: it is not put back. Add --services to have it.`,
      );
      continue;
    }
    const live = await livePlace(root, mappings, places);
    const place: Place = { root, within: "", from: root.realPath, live };
    // In a container a state directory may be the home, where somebody says so.
    if (root.kind !== "state" || asked === undefined) refuseWidePlace(place, realHomes);
    places.push(place);
    if (mapPath(root.realPath, mappings) !== live) {
      mappings.push({ from: root.realPath, to: live, automatic: true });
    }
  }
  refuseNested(places);
  return { stateDir, home, mappings, places, isMoved, notes };
}

/** The state directory that was named, by a flag, a variable or the settings. */
export async function namedStateDir(context: OperationContext): Promise<string | undefined> {
  const { env, home, instance } = context;
  const isNamed = instance.stateDir ?? instance.profile ?? env["OPENCLAW_STATE_DIR"];
  if (!isNamed) return undefined;
  return (await statePlaces({ env, home, platform: process.platform, ...instance }))[0];
}

/**
 * The home that a state directory speaks of which was asked for: who runs this (root, for somebody
 * else) does not matter then, and what lies in one home never goes to another's.
 */
function homeFor(
  asked: string | undefined,
  { stateDir, home }: Manifest["instance"],
): string | undefined {
  if (asked === stateDir) return home;
  const end = stateDir.startsWith(`${home}/`) ? stateDir.slice(home.length) : undefined;
  return end !== undefined && asked?.endsWith(end) ? asked.slice(0, -end.length) : undefined;
}

/**
 * Where a name leads today counts, unless that is a part of what is replaced. A link that is gone and
 * does not come along leads nobody there any more. Else it is where its bytes were.
 */
async function livePlace(
  { path, realPath, statePath }: KnownRoot,
  mappings: readonly PathMapping[],
  others: readonly Place[],
): Promise<string> {
  const named = mapPath(path, mappings);
  if (statePath === undefined || (await isThere(named))) {
    const live = await realpath(named).catch(() => realPathOfFuture(named));
    if (!others.some((other) => isWithin(live, other.live))) return live;
  }
  return realPathOfFuture(mapPath(realPath, mappings));
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
