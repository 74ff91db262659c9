import { copyFile, cp, readdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { settleSidecars } from "../../src/openclaw/revival/sidecars.ts";
import { RestoredCopy } from "../fixtures/restored-copy.ts";

const NOTES =
  "CREATE TABLE notes (n INTEGER PRIMARY KEY, word TEXT); CREATE INDEX words ON notes (word);";

/** Pages enough that each batch makes the file longer: its first page changes. */
function batch(from: number, rows = 200): string {
  return `WITH RECURSIVE numbers (n) AS (
      SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${from + rows - 1})
    INSERT INTO notes SELECT n, printf('%0100d', n) FROM numbers`;
}

/** Three generations of one living database: its file and its log, each as they were. */
async function generations(copy: RestoredCopy) {
  const path = join(copy.directory, "living.sqlite");
  const keep = async (name: string) => {
    for (const end of ["", "-wal"]) {
      const kept = join(copy.directory, `${name}.sqlite${end}`);
      await cp(path + end, kept);
      await utimes(kept, clock, clock);
    }
    clock += 3600;
  };
  let clock = 1_800_000_000;
  using living = new DatabaseSync(path);
  living.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${NOTES} ${batch(1)}`);
  await keep("early");
  living.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  living.exec(`${batch(1001)}; DELETE FROM notes WHERE n < 50`);
  await keep("middle");
  living.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  living.exec(`${batch(2001)}; UPDATE notes SET word = 'late' WHERE n BETWEEN 100 AND 150`);
  await keep("late");
}

async function put(copy: RestoredCopy, main: string, log: string): Promise<void> {
  const to = copy.at(copy.database);
  await cp(join(copy.directory, `${main}.sqlite`), to, { preserveTimestamps: true });
  await cp(join(copy.directory, `${log}.sqlite-wal`), `${to}-wal`, { preserveTimestamps: true });
  await writeFile(`${copy.at(copy.database)}-shm`, Buffer.alloc(32_768, 7));
}

const beside = (copy: RestoredCopy) => readdir(dirname(copy.at(copy.database)));

test("F21: a log that is the database's own is data, and is taken into it", async () => {
  await using copy = await RestoredCopy.make();
  await generations(copy);
  for (const [name, rows] of [
    ["early", 200],
    ["middle", 351],
    ["late", 551],
  ] as const) {
    await put(copy, name, name);
    expect((await settleSidecars(copy)).done).toEqual([
      { what: "a write-ahead log taken into its database", path: copy.database, count: 1 },
    ]);
    expect(await beside(copy)).toEqual(["openclaw.sqlite"]);
    expect(copy.rows("SELECT count(*) AS n FROM notes")).toEqual([{ n: rows }]);
    expect(copy.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  }
});

test("F21: a log of an earlier or a later life of the database is not let into it", async () => {
  await using copy = await RestoredCopy.make();
  await generations(copy);
  for (const [main, log, rows] of [
    ["middle", "late", 200],
    ["late", "early", 351],
  ] as const) {
    await put(copy, main, log);
    const { done } = await settleSidecars(copy);
    expect(done).toMatchObject([{ what: expect.stringContaining("not this database's") }]);
    expect(await beside(copy)).toEqual(["openclaw.sqlite"]);
    expect(copy.rows("SELECT count(*) AS n FROM notes")).toEqual([{ n: rows }]);
    expect(copy.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  }
});

test("F21: a transaction that was never finished is rolled back", async () => {
  await using copy = await RestoredCopy.make();
  const path = copy.at(copy.database);
  copy.sql(`${NOTES} ${batch(1)}`);
  {
    const dying = join(copy.directory, "dying.sqlite");
    await copyFile(path, dying);
    using database = new DatabaseSync(dying);
    database.exec(`PRAGMA cache_size = 5; BEGIN; DELETE FROM notes; ${batch(5000, 3000)}`);
    await copyFile(dying, path);
    await copyFile(`${dying}-journal`, `${path}-journal`);
  }
  expect((await settleSidecars(copy)).done).toEqual([
    { what: "an unfinished transaction rolled back", path: copy.database, count: 1 },
  ]);
  expect(await beside(copy)).toEqual(["openclaw.sqlite"]);
  expect(copy.rows("SELECT count(*) AS n, max(n) AS last FROM notes")).toEqual([
    { n: 200, last: 200 },
  ]);
});

test("F21: an empty log and a map of a log that is gone are removed, and nothing is said", async () => {
  await using copy = await RestoredCopy.make();
  for (const end of ["-wal", "-shm", "-journal"]) await copy.put(copy.database + end, "");
  expect(await settleSidecars(copy)).toEqual({ done: [], told: [] });
  expect(await beside(copy)).toEqual(["openclaw.sqlite"]);
});

test("F21: what lies beside a file that is no database stays", async () => {
  await using copy = await RestoredCopy.make();
  await copy.put(`${copy.stateDir}/workspace/left-wal`, "a wall");
  await copy.put(`${copy.stateDir}/workspace/left`, "right");
  await settleSidecars(copy);
  expect(await readdir(copy.at(`${copy.stateDir}/workspace`))).toEqual(["left", "left-wal"]);
});
