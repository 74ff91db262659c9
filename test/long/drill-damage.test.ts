/** Whatever is wrong with a snapshot, and however well formed the wrong is: a drill never calls it proven. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DrillDocument } from "../../src/operations/drill/document.ts";
import { type Damage, REPOSITORY, REWRITTEN, SOURCE } from "../drill/damages.ts";
import { DrillPlace } from "../drill/place.ts";

describe("rewritten by a program that knows the format, the manifest kept", () => {
  let place: DrillPlace;
  let sound: string;
  beforeAll(async () => {
    place = await DrillPlace.create();
    sound = (await place.backup()).snapshot?.id ?? "";
    expect(await place.drill("content", sound)).toMatchObject({ verdict: "proven" });
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test.each(REWRITTEN)("$way", async (damage: Damage) => {
    const id = await place.rewrite(sound, damage.edits?.(place) ?? []);
    expectDamage(await place.drill("content", id), damage);
  });
});

describe("damaged where the repository lies", () => {
  test.each(REPOSITORY)("$way", async (damage: Damage) => {
    await using place = await DrillPlace.create();
    await place.backup();
    await damage.after?.(place);
    expectDamage(await place.drill(), damage);
  });
});

describe("damaged where it was taken from", () => {
  test.each(SOURCE)("$way", async (damage: Damage) => {
    await using place = await DrillPlace.create();
    await damage.before?.(place);
    await place.backup();
    expectDamage(await place.drill(), damage);
  });
});

function expectDamage(result: DrillDocument, { before, check: name, says }: Damage): void {
  expect(result.verdict).not.toBe("proven");
  // Only what was like that before may pass, and only in part.
  if (before === undefined) expect(result.verdict).toBe("failed");
  const check = result.checks.find((each) => each.name === name);
  expect(check?.ok, JSON.stringify(result.checks, undefined, 1)).not.toBe(true);
  expect([check?.evidence, ...(check?.details ?? [])].join("\n")).toMatch(says);
  expect(result.reasons.length).toBeGreaterThan(0);
}
