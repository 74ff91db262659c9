import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { appendFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLayoutC } from "../fixtures/instances.ts";
import type { BackupDocument, RestoreDocument } from "../../src/operations/documents.ts";
import { Household } from "./household.ts";
import { expectSameRows } from "./same-state.ts";

const MIB = 1024 * 1024;
const BIG = "memory/main.sqlite";
const STATE = "state/openclaw.sqlite";

let house: Household;
beforeAll(async () => {
  house = await Household.withRepository(makeLayoutC);
  await house.write(BIG, "");
  using database = new DatabaseSync(house.state(BIG));
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE chunks (id INTEGER PRIMARY KEY, body BLOB)",
  );
  const insert = database.prepare("INSERT INTO chunks (body) VALUES (?)");
  database.exec("BEGIN");
  // Rows that do not compress: what is stored is then what is new.
  for (let row = 0; row < 16_000; row += 1) insert.run(randomBytes(4000));
  database.exec("COMMIT");
});
afterAll(() => house[Symbol.asyncDispose]());

const backup = () => house.json<BackupDocument>("backup");

/** A database as its writer has it open. */
function open(path: string): DatabaseSync {
  const database = new DatabaseSync(house.state(path));
  database.exec("PRAGMA wal_autocheckpoint = 0");
  return database;
}

test("a second run over an unchanged instance reads nothing again and stores next to nothing", async () => {
  const first = await backup();
  expect(first.bytes.scanned).toBeGreaterThan(60 * MIB);
  expect(first.bytes.stored).toBeGreaterThan(58 * MIB);
  const again = await backup();
  const { new: created, changed, unchanged } = first.files;
  expect(again.files).toEqual({ new: 0, changed: 0, unchanged: created + changed + unchanged });
  expect(again.bytes.scanned).toBe(first.bytes.scanned);
  expect(again.bytes.stored).toBeLessThan(10_000);
  expect(again.databases).toEqual(first.databases);
});

test("one per cent of a database's rows changed: a few per cent are stored", async () => {
  {
    using database = open(BIG);
    const change = database.prepare("UPDATE chunks SET body = ? WHERE id = ?");
    database.exec("BEGIN");
    for (let id = 1; id <= 150; id += 1) change.run(randomBytes(4000), 7000 + id);
    database.exec("COMMIT");
  }
  const { bytes, files } = await backup();
  expect(files).toMatchObject({ new: 0, changed: 1 });
  expect(bytes.stored).toBeGreaterThan(150 * 4000);
  expect(bytes.stored).toBeLessThan(4 * MIB);
});

test("F6: rows in the write-ahead log come back, though the main file was not touched", async () => {
  await backup();
  using database = open(STATE);
  const before = await stat(house.state(STATE));
  database.exec("INSERT INTO cron_jobs VALUES ('from the log', '{}')");
  const after = await stat(house.state(STATE));
  expect([after.mtimeMs, after.size]).toEqual([before.mtimeMs, before.size]);
  expect((await stat(house.state(`${STATE}-wal`))).size).toBeGreaterThan(0);

  expect((await backup()).files).toMatchObject({ new: 0, changed: 1 });
  const target = house.newTarget();
  await house.json<RestoreDocument>(["restore", "--target", target, "--component", "database"]);
  const copy = join(target, house.state(STATE));
  expectSameRows(house.state(STATE), copy);
  using restored = new DatabaseSync(copy, { readOnly: true });
  expect(restored.prepare("SELECT id FROM cron_jobs ORDER BY id").all()).toEqual(
    ["evening", "from the log", "morning"].map((id) => ({ id })),
  );
});

test("F6: the log, the shared memory and the journal of a database are in no snapshot", async () => {
  using database = open(STATE);
  database.exec("INSERT INTO cron_jobs VALUES ('while open', '{}')");
  expect(readdirSync(house.state("state"))).toContain("openclaw.sqlite-wal");
  const { excluded } = await backup();
  for (const suffix of ["wal", "shm"]) {
    expect(excluded).toContainEqual(
      expect.objectContaining({
        path: house.state(`${STATE}-${suffix}`),
        reason: expect.stringContaining("contained in"),
      }),
    );
    expect(await house.json(["find", `*.sqlite-${suffix}`])).toMatchObject({ matches: [] });
  }
});

test("a file changed behind the same size and time of change is noticed", async () => {
  const path = house.state("workspace/SOUL.md");
  const { mtime } = await stat(path);
  await house.write("workspace/SOUL.md", "# Soul\nCold and incurious\n");
  await utimes(path, mtime, mtime);
  await backup();
  const { stdout } = await house.run(["cat", "latest", path]);
  expect(stdout).toBe("# Soul\nCold and incurious\n");
});

test("F2: of a transcript that grows, the next run takes the rest", async () => {
  const path = house.state("agents/clawd/sessions/old.jsonl");
  await appendFile(path, '{"seq":5}\n');
  await backup();
  expect((await house.run(["cat", "latest", path])).stdout).toMatch(/\{"seq":5\}\n$/u);
});
