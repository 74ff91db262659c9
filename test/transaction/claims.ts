import fc from "fast-check";
import { expect } from "vitest";
import { Cut, cutAfter, Play } from "./play.ts";
import { rootCase } from "./trees.ts";

const roots = fc.array(rootCase, { minLength: 1, maxLength: 3 });

/** There, and back, and forth again, and back. */
export async function assertReplaced(numRuns: number): Promise<void> {
  const property = fc.asyncProperty(roots, async (cases) => {
    using play = new Play(cases);
    const expected = play.expected();
    await using transaction = await play.swap();
    expect(play.picture()).toBe(expected);
    await transaction.commit();
    for (const picture of [play.before, expected, play.before]) {
      await play.undo();
      expect(play.picture()).toBe(picture);
    }
  });
  await fc.assert(property, { numRuns });
}

/** What is taken back leaves what was there, and nothing of ours. */
export async function assertTakenBack(numRuns: number): Promise<void> {
  const property = fc.asyncProperty(roots, async (cases) => {
    using play = new Play(cases);
    await using transaction = await play.swap();
    await transaction.revert();
    expect(play.picture()).toBe(play.before);
    expect(await play.leftovers()).toEqual([]);
  });
  await fc.assert(property, { numRuns });
}

/** Cut off after any step, and again while it is mended: wholly old, or wholly new; and undone. */
export async function assertWhole(numRuns: number): Promise<void> {
  const cuts = fc.array(fc.nat(60), { maxLength: 3 });
  const property = fc.asyncProperty(roots, fc.nat(150), cuts, async (cases, at, again) => {
    using play = new Play(cases);
    const expected = play.expected();
    await unlessCut(async () => {
      await using transaction = await play.swap(cutAfter(at));
      await transaction.commit();
    });
    for (const steps of again) await unlessCut(() => play.recover(cutAfter(steps)));
    await play.recover();
    expect(await play.recover()).toEqual([]);
    const now = play.picture();
    expect([play.before, expected]).toContain(now);
    if (now !== expected) expect(await play.leftovers()).toEqual([]);
    else if (play.before !== expected) await assertUndone(play);
  });
  await fc.assert(property, { numRuns });
}

async function assertUndone(play: Play): Promise<void> {
  await play.undo();
  expect(play.picture()).toBe(play.before);
}

/** What was cut off is an error of its own, or why something could not be taken back. */
async function unlessCut(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Cut) && !String(error).includes(Cut.name)) throw error;
  }
}
