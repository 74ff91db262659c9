import { readdirSync } from "node:fs";
import { ClawbackError } from "../errors.ts";
import { planCarried } from "./carried.ts";
import { applyFacts, touch } from "./directory-facts.ts";
import type { Hands } from "./hands.ts";
import { isDirectory, look } from "./look.ts";
import { carry } from "./plan-whole.ts";
import type { Plan, Planning } from "./planning.ts";
import { below, bytesOf, readable, waysTo, type RawPath } from "./raw-path.ts";
import { isMarked, STAGING_PREFIX } from "./staging.ts";
import { StepList } from "./step-list.ts";
import { touchedBy } from "./touched.ts";

/** An ext4 file system's own, in its root: nobody's data, and not a user's to move. */
const LOST_AND_FOUND = "lost+found";

/**
 * The root stays, as do nested mounts and the directories that lead to them. What is in those
 * directories changes places.
 *
 * @param mounts relative to `live`
 * @throws ClawbackError `E_FAILED` when the new tree holds something where a mount is
 */
export function planChildren(planning: Planning, mounts: readonly RawPath[], hands: Hands): Plan {
  const { live, slot, bar } = planning;
  const steps = new StepList(planning.work);
  const asked = new Set(planning.carry);
  const barName = bar?.name;
  const inPlace = new Set(["", ...mounts.flatMap(waysTo)]);
  // A mount in something that stays as a whole: that is left alone with it.
  for (const way of inPlace) if (way !== "" && staysWith(way, asked)) inPlace.delete(way);
  const carried = planCarried(planning, inPlace);
  if (look(slot) === undefined) makeLike(live, slot, hands);

  const trade = (directory: RawPath): void => {
    for (const name of namesIn(below(live, directory), below(slot, directory))) {
      const way = directory === "" ? name : `${directory}/${name}`;
      const [old, fresh] = [below(live, way), below(slot, way)];
      if (mounts.includes(way)) refuseBelowMount(old, fresh);
      else if (inPlace.has(way)) {
        if (look(fresh) === undefined) makeLike(old, fresh, hands);
        if (!isDirectory(fresh)) throw belowMount(old);
        trade(way);
      } else if (!staysWith(way, asked) && way !== barName && !isOurs(old, name, directory)) {
        steps.trade("swap", [old, look(old)], [fresh, look(fresh)]);
      }
    }
  };
  trade("");

  if (bar !== undefined) {
    const [at, after] = [below(live, bar.name), below(slot, bar.name)];
    const [barred, fresh, barSeen] = [look(at), look(after), look(bar.path)];
    steps.trade("bar", [at, barred], [bar.path, barSeen]);
    if (asked.has(bar.name) && barred !== undefined) {
      // By another name than the bar's: where both are tells how far the steps have come.
      steps.move("carry", bar.path, `${bar.path}-kept`, barred);
      steps.trade("lift", [at, barSeen], [`${bar.path}-kept`, barred]);
    } else {
      steps.trade("lift", [at, barSeen], [after, fresh]);
      if (barred === undefined) steps.move("tidy", after, `${bar.path}-out`, barSeen);
      else steps.trade("tidy", [after, barSeen], [bar.path, barred]);
    }
  }
  carry(steps, planning, carried);
  return { steps: steps.sorted(), touched: touchedBy(steps.list, planning, carried, inPlace) };
}

/** An empty directory with the facts of another one. */
function makeLike(model: RawPath, path: RawPath, hands: Hands): void {
  hands.mkdir(path);
  applyFacts(touch(model, path), "after", hands.step);
}

function staysWith(way: RawPath, asked: ReadonlySet<RawPath>): boolean {
  return asked.has(way) || [...asked].some((each) => way.startsWith(`${each}/`));
}

function isOurs(path: RawPath, name: RawPath, directory: RawPath): boolean {
  if (directory !== "") return false;
  return name === LOST_AND_FOUND || (name.startsWith(STAGING_PREFIX) && isMarked(path));
}

function namesIn(...directories: RawPath[]): Set<RawPath> {
  return new Set(directories.flatMap((path) => readdirSync(bytesOf(path), { encoding: "latin1" })));
}

/** An empty directory is what a backup has where a mount was. */
function refuseBelowMount(old: RawPath, fresh: RawPath): void {
  const seen = look(fresh);
  if (seen === undefined) return;
  if (!seen.stat.isDirectory() || namesIn(fresh).size > 0) throw belowMount(old);
}

function belowMount(path: RawPath): ClawbackError {
  return new ClawbackError("E_FAILED", `${readable(path)} is a mount of its own, and stays`, {
    hint: "What belongs there cannot be restored together with the rest: unmount it, or leave it out.",
  });
}
