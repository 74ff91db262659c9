import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { connect, fingerprint } from "../capture/live.ts";
import { expectSameRows } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const AGENT = "agents/clawd/agent/openclaw-agent.sqlite";
const ROWS = 500;
const WRITE = `PRAGMA wal_autocheckpoint = 0;
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS - 1})
  INSERT INTO transcript_events SELECT 'late', i, '{"text":"said in the log only"}' FROM n`;

test.each([
  ["of a running gateway", "running"],
  ["of a gateway that was killed", "killed"],
])("F6 rows that are in the write-ahead log alone, %s, come back", async (_whose, state) => {
  const { house, made } = scene();
  const path = house.state(AGENT);
  const gateway = await connect(path, process.getuid?.() ?? 0);
  await gateway.run(WRITE);
  if (state === "killed") await gateway.kill();
  expect(rowsWithoutLog(path, house.root)).toBe(0);
  const before = contentsBeside(path);

  const taken = await scene().backup(0);
  expect(taken.databases).toContainEqual(
    expect.objectContaining({ path, consistent: true, tables: expect.any(Number) }),
  );
  expect(contentsBeside(path)).toEqual(before);

  const copy = await scene().restore();
  expect(existsSync(copy.state(`${AGENT}-wal`))).toBe(false);
  for (const name of made.databases) expectSameRows(house.state(name), copy.state(name));
  using restored = new DatabaseSync(copy.state(AGENT));
  const late = restored.prepare(
    "SELECT count(*) AS rows FROM transcript_events WHERE session_id = 'late'",
  );
  expect(late.get()).toEqual({ rows: ROWS });
});

/** What a copy of the main file alone would hold: the failure itself. */
function rowsWithoutLog(path: string, root: string): number {
  const raw = join(root, "raw-copy.sqlite");
  copyFileSync(path, raw);
  using database = new DatabaseSync(raw);
  const late = "SELECT count(*) AS rows FROM transcript_events WHERE session_id = 'late'";
  return Number(database.prepare(late).get()?.["rows"]);
}

/** Names and contents; SQLite itself touches the ctime of a log that root reads. */
function contentsBeside(path: string): unknown[] {
  const lines = fingerprint(join(path, ".."));
  return [lines.map((line) => line.split(" ").at(-1)), readFileSync(`${path}-wal`).length];
}
