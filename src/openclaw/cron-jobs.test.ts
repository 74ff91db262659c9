import { expect, test } from "vitest";
import { cronTexts } from "./cron-jobs.ts";

const command = { id: "1", name: "tidy-up", payload: { kind: "command", argv: ["sh", "/x.sh"] } };

test("jobs of a file, a single job of a database, and what is neither", () => {
  const ofJob = (text: string) => ({ text, at: 'the cron job "tidy-up"' });
  expect(cronTexts(JSON.stringify({ version: 1, jobs: [command] }))).toContainEqual(ofJob("/x.sh"));
  expect(cronTexts(JSON.stringify(command))).toContainEqual(ofJob("/x.sh"));
  expect(cronTexts(JSON.stringify([{ id: "7", message: "/y" }]))).toContainEqual({
    text: "/y",
    at: 'the cron job "7"',
  });
  expect(cronTexts("/z.sh --x", "somewhere")).toEqual([{ text: "/z.sh --x", at: "somewhere" }]);
  expect(cronTexts("null")).toEqual([]);
});
