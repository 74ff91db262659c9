import fc from "fast-check";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { DatabaseCapturer } from "../../src/capture/database.ts";
import { connect, gatewayDirectory, integrity, query, temporaryDirectory } from "./live.ts";

const RUNS = Number(process.env["CLAWBACK_TEST_RUNS"] ?? 12);
const CONTENT =
  "select count(*) as n, total(a) as a, coalesce(group_concat(length(b)),'') as b from t";

const insert = fc
  .record({ rows: fc.integer({ min: 1, max: 200 }), bytes: fc.integer({ min: 0, max: 3000 }) })
  .map(
    ({
      rows,
      bytes,
    }) => `with recursive c(i) as (select 1 union all select i+1 from c where i < ${rows})
    insert into t select i, randomblob(${bytes}) from c`,
  );
const change = fc.oneof(
  { weight: 4, arbitrary: insert },
  fc.constant("update t set a = a + 1 where rowid % 3 = 0"),
  fc.constant("delete from t where rowid % 4 < 2"),
  fc.constant("delete from t"),
);
const step = fc.oneof(
  { weight: 5, arbitrary: change },
  change.map((sql) => `begin; ${sql}; ${sql}; rollback`),
  fc
    .constantFrom("passive", "full", "restart", "truncate")
    .map((how) => `pragma wal_checkpoint(${how})`),
  fc.constant("vacuum"),
);
const setup = fc.record({
  pageSize: fc.constantFrom(512, 1024, 4096, 65536),
  autoVacuum: fc.constantFrom(0, 1, 2),
  autoCheckpoint: fc.constantFrom(0, 3, 1000),
  journal: fc.constantFrom("wal", "wal", "wal", "delete", "persist", "truncate"),
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  /** Left uncommitted at the end, and spilled to disk. */
  open: fc.option(change, { nil: undefined }),
  end: fc.constantFrom("live", "kill", "kill without -shm"),
});

test(
  "an image holds what was committed, whatever happened before",
  { timeout: 300_000 },
  async () => {
    await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
    const property = fc.asyncProperty(setup, async (given) => {
      const path = join(gatewayDirectory(), "a.db");
      const gateway = await connect(path);
      await gateway.run(`pragma page_size=${given.pageSize}; pragma auto_vacuum=${given.autoVacuum};
      pragma journal_mode=${given.journal}; pragma wal_autocheckpoint=${given.autoCheckpoint};
      pragma cache_size=2; create table t(a, b); create index i on t(a)`);
      for (const sql of given.steps) await gateway.run(sql);
      const committed = await gateway.run(CONTENT);
      if (given.open !== undefined) await gateway.run(`begin; ${given.open}`);
      if (given.end !== "live") await gateway.kill();
      if (given.end === "kill without -shm") rmSync(`${path}-shm`, { force: true });

      await using image = await capturer.capture(path);
      expect(image.consistent).toBe(true);
      expect(integrity(image.path)).toBe("ok");
      expect(query(image.path, CONTENT)).toEqual(committed);
      expect(image.pages * image.pageSize).toBe(image.size);
      await gateway.kill();
    });
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  },
);

/** Two tables that every commit keeps equal, and enough beside them that a copy takes a while. */
const TWINS = `pragma journal_mode=wal; create table a(v); create table b(v); create table ballast(x);
  insert into a values (0); insert into b values (0);
  with recursive c(i) as (select 1 union all select i+1 from c where i < 4000)
  insert into ballast select randomblob(1000) from c`;
const BUMP = `begin immediate;update a set v = v + 1;
  update ballast set x = randomblob(1000) where rowid % 97 = (select v % 97 from a);
  update b set v = v + 1;commit`;

test("images stay whole while writers and checkpoints hammer", { timeout: 300_000 }, async () => {
  const path = join(gatewayDirectory(), "a.db");
  const writers = [await connect(path), await connect(path), await connect(path)] as const;
  await writers[0].run(TWINS);
  await writers[0].run("pragma wal_autocheckpoint=10");
  await writers[2].run("pragma busy_timeout=2");
  const seconds = RUNS / 3;
  const hammering = Promise.all([
    writers[0].runFor(BUMP, seconds),
    writers[1].runFor(BUMP, seconds),
    writers[2].runFor("pragma wal_checkpoint(restart);pragma wal_checkpoint(truncate)", seconds),
  ]);
  let running = true;
  void hammering.finally(() => (running = false));
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  let last = -1;
  let captures = 0;
  const methods = new Set<string>();
  for (; running || captures < 3; captures += 1) {
    await using image = await capturer.capture(path, { forceCopy: captures % 2 === 0 });
    methods.add(image.method);
    expect(image.consistent).toBe(true);
    expect(integrity(image.path)).toBe("ok");
    const [twins] = query(image.path, "select a.v as a, b.v as b from a, b");
    expect(twins?.["a"]).toBe(twins?.["b"]);
    expect(Number(twins?.["a"])).toBeGreaterThanOrEqual(last);
    last = Number(twins?.["a"]);
  }
  const rounds = (await hammering).map((result) => result.rounds);
  console.log(`${captures} captures (${[...methods]}), ${last} commits, rounds ${rounds}`);
});

test("a log that is started anew under the copy is noticed", { timeout: 120_000 }, async () => {
  const path = join(gatewayDirectory(), "a.db");
  const writer = await connect(path);
  await writer.run(TWINS.replace("4000", "30000"));
  // Wholly checkpointed after each commit: a pin then does not keep the log from being overwritten.
  const writing = writer.runFor(`${BUMP};pragma wal_checkpoint(passive)`, RUNS / 3);
  let running = true;
  void writing.finally(() => (running = false));
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  while (running) {
    await using image = await capturer.capture(path);
    const [twins] = query(image.path, "select a.v as a, b.v as b from a, b");
    expect(image.consistent).toBe(true);
    expect(integrity(image.path)).toBe("ok");
    expect(twins?.["a"]).toBe(twins?.["b"]);
  }
});

test("a rollback-journal database under a busy writer", { timeout: 120_000 }, async () => {
  const path = join(gatewayDirectory(), "a.db");
  const writer = await connect(path);
  await writer.run(TWINS.replace("journal_mode=wal", "journal_mode=delete"));
  const writing = writer.runFor(BUMP, 3);
  let running = true;
  void writing.finally(() => (running = false));
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  let captures = 0;
  for (; running; captures += 1) {
    await using image = await capturer.capture(path);
    const [twins] = query(image.path, "select a.v as a, b.v as b from a, b");
    expect(image.consistent).toBe(true);
    expect(integrity(image.path)).toBe("ok");
    expect(twins?.["a"]).toBe(twins?.["b"]);
  }
  console.log(
    `${captures} captures, the writer's longest round ${(await writing).longestMs.toFixed(0)} ms`,
  );
  expect(captures).toBeGreaterThan(0);
});

test("what is no database inside its header is taken as it is, and said to be so", async () => {
  const path = join(gatewayDirectory(), "a.db");
  const database = new DatabaseSync(path);
  database.exec("create table t(a)");
  database.close();
  const { readFileSync, writeFileSync } = await import("node:fs");
  const bytes = readFileSync(path).fill(0x5a, 100);
  writeFileSync(path, bytes);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  await using image = await capturer.capture(path);
  expect(readFileSync(image.path)).toEqual(bytes);
  const { facts, problems } = await image.examination;
  expect(facts).toBeUndefined();
  expect(problems.join()).toMatch(/malformed/);
});
