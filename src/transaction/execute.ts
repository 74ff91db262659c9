import { lchownSync } from "node:fs";
import { dirname } from "node:path/posix";
import { syncDirectory } from "../fs/directories.ts";
import { applyFacts } from "./directory-facts.ts";
import { handsOn, type Hands, type OnStep } from "./hands.ts";
import type { Journal, ReplacementRecord } from "./journal.ts";
import { isDirectory, look } from "./look.ts";
import { bytesOf, type RawPath } from "./raw-path.ts";
import { disturbed, settle, STAGES, stateOf, type Step } from "./steps.ts";

/** The steps of one replacement, and how many of them are done. */
interface Course {
  steps: readonly Step[];
  done: number;
  dev: string;
  hands: Hands;
}

/**
 * Brings every replacement to the end of its steps, or to their beginning, from wherever the disk
 * is with them; on it when this returns.
 *
 * @returns what facts of directories could not be put right, as sentences
 * @throws ClawbackError `E_RESTORE_OPEN` when the disk is not what the journal says; DiskTrouble.
 */
export async function execute(
  { replacements }: Pick<Journal, "replacements">,
  way: "forth" | "back",
  step: OnStep,
): Promise<string[]> {
  // All of them are looked at before anything is moved.
  const courses = replacements.flatMap((record) => courseOf(record, way, step));
  if (way === "forth") await makeParents(replacements, step);
  for (const stage of way === "forth" ? STAGES : STAGES.toReversed()) {
    const changed = new Set<RawPath>();
    for (const course of courses) {
      for (const each of stepsOf(course, stage, way)) {
        settle(each, way, course.dev, course.hands);
        for (const path of pathsOf(each)) changed.add(dirname(path));
      }
    }
    // A power cut must not keep a later stage and lose an earlier one, on another file system.
    await sync(changed);
  }
  const side = way === "forth" ? "after" : "before";
  const problems = replacements.flatMap(({ touched }) => applyFacts(touched, side, step));
  if (way === "back") removeParents(replacements, step);
  return problems;
}

function courseOf(record: ReplacementRecord, way: "forth" | "back", step: OnStep): Course[] {
  const { steps, touched, directory } = record;
  if (steps.length === 0) return [];
  const dev = look(directory)?.dev;
  if (dev === undefined) throw disturbed(directory);
  const paths = touched.flatMap(({ before, after }) => [before, after]);
  const hands = handsOn(step, new Set(paths));
  const states = steps.map((each) => stateOf(each, dev));
  // Behind the last one that was begun, all others are done: things have gone further since.
  const last = states.findLastIndex((state) => state === "after" || state === "between");
  const unfinished = states[last] === "between" && way === "forth" ? 0 : 1;
  const done = last < 0 ? 0 : last + unfinished;
  // Going back, the next one does not matter, unless it is the only sign that nothing was begun.
  const next = steps[last + 1];
  const matters = last < 0 || (way === "forth" && states[last] === "after");
  if (matters && next !== undefined && states[last + 1] !== "before") {
    throw disturbed(pathsOf(next)[0]);
  }
  return [{ steps, done, dev, hands }];
}

function stepsOf({ steps, done }: Course, stage: Step["stage"], way: "forth" | "back"): Step[] {
  const left = way === "forth" ? steps.slice(done) : steps.slice(0, done).toReversed();
  return left.filter((step) => step.stage === stage);
}

function pathsOf(step: Step): [RawPath, RawPath] {
  return step.kind === "move" ? [step.from, step.to] : [step.at, step.with];
}

async function sync(directories: Iterable<RawPath>): Promise<void> {
  for (const path of directories) if (isDirectory(path)) await syncDirectory(bytesOf(path));
}

async function makeParents(
  replacements: readonly ReplacementRecord[],
  step: OnStep,
): Promise<void> {
  const parents = new Set(replacements.flatMap(({ parents }) => parents));
  const hands = handsOn(step);
  for (const path of parents) {
    if (!hands.mkdir(path, 0o755) || process.getuid?.() !== 0) continue;
    // In a user's home they are not root's.
    const above = look(dirname(path))?.stat;
    if (above !== undefined) lchownSync(bytesOf(path), Number(above.uid), Number(above.gid));
  }
  await sync(new Set([...parents].map((path) => dirname(path))));
}

/** As far as nobody else has put something there. */
export function removeParents(
  replacements: readonly Pick<ReplacementRecord, "parents">[],
  step: OnStep,
): void {
  const parents = [...new Set(replacements.flatMap(({ parents }) => parents))];
  const hands = handsOn(step);
  for (const path of parents.sort((a, b) => b.length - a.length)) hands.rmdir(path);
}
