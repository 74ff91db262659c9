import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { dirname } from "node:path/posix";
import { ClawbackError } from "../errors.ts";
import { handsOn, type Hands, type OnStep } from "./hands.ts";
import type { Journal, ReplacementRecord } from "./journal.ts";
import { look } from "./look.ts";
import { isMountPoint, mountsBelow } from "./mounts.ts";
import { planChildren } from "./plan-children.ts";
import { planWhole } from "./plan-whole.ts";
import { below, bytesOf, readable, type RawPath } from "./raw-path.ts";
import { mountedFile, WORK } from "./staging.ts";

/**
 * Plans all replacements by what is on the disk now. Makes what the plans need, below the stagings
 * only.
 * @param strict whether it is an error when something that is to stay cannot be carried over
 */
export function arrange(
  { id, replacements, stagings }: Pick<Journal, "id" | "replacements" | "stagings">,
  strict: boolean,
  step: OnStep,
): ReplacementRecord[] {
  const hands = handsOn(step);
  for (const { directory, ino } of stagings) {
    if (look(directory)?.ino !== ino) throw exchanged(directory);
  }
  return replacements.map((record, index) => {
    const { live, slot, directory, carry } = record;
    const missing = missingAbove(live);
    refuseLinkAbove(missing[0] ?? live);
    for (const path of missingAbove(slot)) hands.mkdir(path);
    refuseLinkAbove(slot);
    hands.mkdir(below(directory, WORK));
    // Of an earlier plan, things may lie there still.
    const work = below(directory, `${WORK}/${id}-${index}-${randomBytes(4).toString("hex")}`);
    const bar = makeBar(record, work, hands);
    const planning = { live, slot, carry, work, bar, strict };
    const how = howNow(record);
    const mounts = how === "whole" ? [] : mountsBelow(live);
    const plan = how === "whole" ? planWhole(planning) : planChildren(planning, mounts, hands);
    const old = carry.includes("") ? undefined : look(how === "whole" ? live : slot);
    const { keptIno: _, ...rest } = record;
    return {
      ...rest,
      ...plan,
      how,
      parents: missing,
      ...(old !== undefined && { keptIno: old.ino }),
    };
  });
}

/** What was mounted since cannot be renamed either. */
function howNow({ how, live }: ReplacementRecord): ReplacementRecord["how"] {
  const seen = look(live);
  if (seen === undefined) return "whole";
  const isRoot = isMountPoint(live);
  if (isRoot && !seen.stat.isDirectory()) throw mountedFile(live);
  if (!seen.stat.isDirectory()) return "whole";
  return isRoot || mountsBelow(live).length > 0 ? "children" : how;
}

/** Somebody may have put one there since the place was chosen. */
function refuseLinkAbove(path: RawPath): void {
  const directory = bytesOf(dirname(path));
  if (!realpathSync(directory, "buffer").equals(directory)) throw exchanged(dirname(path));
}

function exchanged(path: RawPath): ClawbackError {
  return new ClawbackError("E_FAILED", `${readable(path)} is not the directory that it was`, {
    hint: "Somebody has moved it meanwhile, or put a link there.",
  });
}

function missingAbove(path: RawPath): RawPath[] {
  const missing: RawPath[] = [];
  for (let parent = dirname(path); look(parent) === undefined; parent = dirname(parent)) {
    missing.unshift(parent);
  }
  return missing;
}

/** A file; where nothing is live yet, a directory with that file, as the new tree is one. */
function makeBar({ barred, live, slot }: ReplacementRecord, work: RawPath, hands: Hands) {
  const present = [live, slot].map((path) => look(path)?.stat);
  if (barred === undefined || present.every((stat) => stat === undefined)) return undefined;
  const path = `${work}-bar`;
  const inside = below(path, barred.name);
  const needsTree = present[0] === undefined && present[1]?.isDirectory() === true;
  if (needsTree) hands.mkdir(path);
  hands.write(needsTree ? inside : path, barred.content);
  return { name: barred.name, path };
}
