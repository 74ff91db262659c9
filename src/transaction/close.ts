import { dirname } from "node:path/posix";
import { messageOf } from "../errors.ts";
import { writeFileAtomic } from "../fs/atomic.ts";
import { applyFacts, touch } from "./directory-facts.ts";
import { removeParents } from "./execute.ts";
import { explained, handsOn, type OnStep } from "./hands.ts";
import { readJournals, removeJournal, type Journal, type StagingRecord } from "./journal.ts";
import { look } from "./look.ts";
import { below, readable } from "./raw-path.ts";
import { removeTree } from "./remove-tree.ts";
import { isMarked, markerOf, markerText, WORK } from "./staging.ts";

/** What is left to do when a journal is closed as reverted: nothing of ours stays. */
export async function closeReverted(dir: string, journal: Journal, step: OnStep): Promise<void> {
  for (const staging of journal.stagings) {
    if (staging.adopted) await removeWork(staging, step);
    else await removeStaging(staging, step);
  }
  removeParents(journal.replacements, step);
  await removeJournal(dir, "closing", journal.id, step);
}

/**
 * What is left to do after a commit: what was kept before goes.
 * @returns what could not be done, as sentences: it is committed all the same
 */
export async function closeCommitted(
  dir: string,
  journal: Journal,
  step: OnStep,
): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      problems.push(messageOf(await explained(error)));
    }
  };
  const previous = await keptBefore(dir, journal);
  if (previous !== undefined && journal.isUndo) {
    // The directories above what it had made are empty now.
    removeParents(
      previous.replacements.filter(({ live }) => !look(live)),
      step,
    );
    await attempt(() => removeJournal(dir, "kept", previous.id, step));
  } else if (previous !== undefined) await attempt(() => discardKept(dir, previous, step));
  for (const staging of journal.stagings) {
    if (look(staging.directory)?.ino !== staging.ino) continue;
    await attempt(() => removeWork(staging, step));
    step("mark as kept");
    const marker = readable(markerOf(staging.directory));
    await attempt(() => writeFileAtomic(marker, markerText("kept")));
  }
  return problems;
}

/**
 * Does that for commits which were cut off before they had. What cannot be removed now is tried
 * again the next time; nothing depends on it.
 */
export async function finishCommits(dir: string, step: OnStep): Promise<void> {
  for (const { state, journal } of await readJournals(dir)) {
    if (state !== "kept" || !(await isUnfinished(dir, journal))) continue;
    await closeCommitted(dir, journal, step);
  }
}

/** Whether a commit was cut off before it had done all of that. */
export async function isUnfinished(dir: string, journal: Journal): Promise<boolean> {
  const atWork = journal.stagings.some(({ directory }) => look(below(directory, WORK)));
  return atWork || (await keptBefore(dir, journal)) !== undefined;
}

async function keptBefore(dir: string, { previous }: Journal): Promise<Journal | undefined> {
  const all = await readJournals(dir);
  return all.find(({ state, journal }) => state === "kept" && journal.id === previous)?.journal;
}

/** Removes what a committed transaction keeps. What somebody has moved away is left there. */
export async function discardKept(dir: string, journal: Journal, step: OnStep): Promise<void> {
  for (const staging of journal.stagings) await removeStaging(staging, step);
  await removeJournal(dir, "kept", journal.id, step);
}

/** Only what bears our mark, or what was recorded and cut off before it was marked. */
async function removeStaging({ directory, ino }: StagingRecord, step: OnStep): Promise<void> {
  const seen = look(directory);
  if (seen?.stat.isDirectory() !== true) return;
  if (ino === undefined ? !isOurs(seen.stat.uid) : seen.ino !== ino) return;
  const parent = touch(dirname(directory), dirname(directory));
  // The mark goes last: what is left of a removal that is cut off must still be known as ours.
  if (ino === undefined || isMarked(directory)) {
    await removeTree(directory, step, markerOf(directory));
  } else handsOn(step).rmdir(directory);
  applyFacts(parent, "before", step);
}

function isOurs(uid: bigint): boolean {
  return process.getuid === undefined || Number(uid) === process.getuid();
}

async function removeWork({ directory }: StagingRecord, step: OnStep): Promise<void> {
  await removeTree(below(directory, WORK), step);
}
