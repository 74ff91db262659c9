import { expect, test } from "vitest";
import { ClawbackError } from "../../errors.ts";
import { silentProgress } from "../../progress.ts";
import { Story } from "./story.ts";

function begin() {
  const stopping = new AbortController();
  const told: string[] = [];
  const story = new Story(silentProgress, stopping.signal, ({ name }) => told.push(name));
  return { stopping, told, story };
}

test("a step that throws has failed, and says why", async () => {
  const { story, told } = begin();
  const isFine = await story.tell("restore", async () => {
    throw new ClawbackError("E_NO_SPACE", "the disk is full", { hint: "free some" });
  });
  expect(isFine).toBe(false);
  expect(story.ok).toBe(false);
  expect(story.steps).toMatchObject([{ ok: false, evidence: "the disk is full (free some)" }]);
  expect(told).toEqual(["restore"]);
});

test("a step that does not apply is left out", async () => {
  const { story } = begin();
  expect(await story.tell("restic", async () => undefined)).toBe(true);
  expect(story.steps).toEqual([]);
});

test("an interruption is no evidence: it ends the story", async () => {
  const { story, stopping } = begin();
  const reason = new ClawbackError("E_INTERRUPTED", "stopped");
  const telling = story.tell("backup", async () => {
    stopping.abort(reason);
    throw new Error("a consequence");
  });
  await expect(telling).rejects.toBe(reason);
});
