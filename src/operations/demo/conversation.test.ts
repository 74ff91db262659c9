import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  commitTurn,
  createConversations,
  inspectConversations,
  oldConversations,
  revise,
} from "./conversation.ts";
import { Prose } from "./prose.ts";

const directory = mkdtempSync(join(tmpdir(), "clawback-conversation-"));
afterAll(() => rmSync(directory, { recursive: true }));
const TURNS = 5;
let path: string;
let number = 0;

beforeAll(() => {
  path = join(directory, "original.sqlite");
  createConversations(path);
  change((database) => {
    for (let turn = 1; turn <= TURNS; turn++) commitTurn(database, turn, new Prose(turn));
  });
});
beforeEach(() => {
  path = join(directory, `${number++}.sqlite`);
  copyFileSync(join(directory, "original.sqlite"), path);
});

function change(work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path);
  work(database);
  database.close();
}

test("what was committed is complete", () => {
  const found = inspectConversations(path);
  expect(found).toMatchObject({ integrity: "ok", completeTurns: TURNS, brokenTurns: 0 });
});

test.each([
  ["a question", "DELETE FROM transcript_events WHERE session_id LIKE '%live' AND seq = 5"],
  ["an answer", "DELETE FROM transcript_events WHERE session_id LIKE '%live' AND seq = 10"],
  ["a digest", "DELETE FROM trajectory_runtime_events WHERE seq = 2"],
  [
    "another answer",
    "UPDATE transcript_events SET event_json = 'x' WHERE session_id LIKE '%live' AND seq = 4",
  ],
  [
    "a count",
    "UPDATE session_nodes SET entry_json = '{\"turns\":6}' WHERE session_key LIKE '%live'",
  ],
])("a turn without its part is broken: %s", (_, sql) => {
  change((database) => database.exec(sql));
  expect(inspectConversations(path).brokenTurns).toBeGreaterThan(0);
});

test("an edit of old messages, one in a hundred, shows in their digest", () => {
  const before = inspectConversations(path);
  change((database) => {
    const revised = revise(database);
    expect(revised / before.oldMessages).toBeCloseTo(0.01, 2);
    expect(oldConversations(database).oldMessages).toBe(before.oldMessages);
  });
  const after = inspectConversations(path);
  expect(after.oldDigest).not.toBe(before.oldDigest);
  expect(after.completeTurns).toBe(TURNS);
});
