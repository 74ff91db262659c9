import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DatabaseCapturer } from "../../src/capture/database.ts";
import { connect, fingerprint, gatewayDirectory, temporaryDirectory } from "./live.ts";

const JOBS = `create table jobs(id integer primary key, command text, note);
  insert into jobs(command, note) values ('/opt/a.sh', 7), ('~/b.sh', x'ff'), (null, 'text');
  insert into jobs(command) values ('${"long".repeat(20_000)}')`;
/** A change that its file's times show to be over. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 2100));

/** Looks, and expects the directory untouched and the look to tell what an image would be. */
async function expectTruth(
  path: string,
  directory: string,
  columns = [{ table: "jobs", column: "command" }],
) {
  const scratch = temporaryDirectory();
  await using capturer = new DatabaseCapturer({ scratch });
  const before = fingerprint(directory);
  const seen = await capturer.look(path, { columns });
  expect(fingerprint(directory)).toEqual(before);
  expect(readdirSync(scratch)).toEqual([]);
  await using image = await capturer.capture(path);
  const { size, pageSize, pages } = image;
  const { facts, problems } = await image.examination;
  expect(seen).toMatchObject({ size, pageSize, pages, facts, problems });
  return seen;
}

for (const [what, setup, end] of [
  ["a live log", "pragma journal_mode=wal", "live"],
  [
    "a log that is wholly checkpointed",
    "pragma journal_mode=wal; pragma wal_autocheckpoint=1",
    "live",
  ],
  ["a dead writer's log", "pragma journal_mode=wal; pragma page_size=512", "kill"],
  ["rollback mode", "pragma journal_mode=persist", "live"],
  ["exclusive locking", "pragma locking_mode=exclusive; pragma journal_mode=wal", "live"],
  ["a clean end", "pragma journal_mode=wal", "close"],
] as const) {
  test(`a look tells what an image would be: ${what}`, async () => {
    const directory = gatewayDirectory();
    const path = join(directory, "a.db");
    const gateway = await connect(path);
    await gateway.run(`${setup}; ${JOBS}`);
    if (end !== "live") await gateway[end]();
    const { texts } = await expectTruth(path, directory);
    expect(texts.slice(0, 2)).toEqual(["/opt/a.sh", "~/b.sh"]);
    expect(texts[2]).toHaveLength(65_536);
    await rest();
    expect((await expectTruth(path, directory)).texts).toEqual(texts);
  });
}

test("a log without its index is looked at by a copy, and no -shm is made", async () => {
  const directory = gatewayDirectory();
  const path = join(directory, "a.db");
  const gateway = await connect(path);
  await gateway.run(`pragma journal_mode=wal; ${JOBS}`);
  await gateway.kill();
  rmSync(`${path}-shm`);
  expect((await expectTruth(path, directory)).texts).toHaveLength(3);
});

test("columns that are not there, and what is no text, are passed over", async () => {
  const directory = gatewayDirectory();
  const path = join(directory, "a.db");
  await (await connect(path)).run(`pragma journal_mode=wal; ${JOBS}`);
  const columns = [
    { table: "jobs", column: "nothing" },
    { table: "nowhere", column: "command" },
    { table: "jobs", column: "note" },
  ];
  expect((await expectTruth(path, directory, columns)).texts).toEqual(["text"]);
});

test("of many rows, the first thousand texts are read", async () => {
  const path = join(gatewayDirectory(), "a.db");
  await (
    await connect(path)
  ).run(`pragma journal_mode=wal; create table jobs(command);
    with recursive c(i) as (select 1 union all select i+1 from c where i < 3000)
    insert into jobs select 'job ' || i from c`);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  const seen = await capturer.look(path, { columns: [{ table: "jobs", column: "command" }] });
  expect(seen.texts).toHaveLength(1000);
  expect(seen.facts?.tables).toEqual({ jobs: 3000 });
});

test("F7: a look ends in its time, with the size, while its database is written to", async () => {
  const path = join(gatewayDirectory(), "a.db");
  const writer = await connect(path);
  await writer.run(`pragma journal_mode=wal; create table t(a);
    with recursive c(i) as (select 1 union all select i+1 from c where i < 2000000)
    insert into t select i from c`);
  const writing = writer.runFor("insert into t values (1)", 3);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  // Less time than starting the process takes: it is ended.
  const seen = await capturer.look(path, { budgetMs: 5 });
  expect(seen.size).toBeGreaterThan(10_000_000);
  expect(seen.problems.join()).toMatch(/not counted/);
  const start = performance.now();
  expect((await capturer.look(path)).facts?.tables["t"]).toBeGreaterThanOrEqual(2_000_000);
  expect(performance.now() - start).toBeLessThan(10_000);
  await writing;
});
