import { spawnSync } from "node:child_process";
import { linkSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { DatabaseCapturer } from "../../src/capture/database.ts";
import type { DatabaseImage } from "../../src/capture/database.ts";
import { connect, fingerprint, gatewayDirectory, integrity, isRoot, query } from "./live.ts";
import { temporaryDirectory } from "./live.ts";

const WAL = "pragma journal_mode=wal; create table t(a); insert into t values (1),(2)";
/** Longer ago than a change that its file's times might not show. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 2100));

const counterOf = ({ path }: DatabaseImage) =>
  Number(query(path, "select v from counter")[0]?.["v"]);

/** One process that counts in many databases: in each of them in turn, a transaction of its own. */
async function lockstep(directory: string, journals: string[], ballastMb: number) {
  const paths = journals.map((_, i) => join(directory, `${i}.db`));
  const writer = await connect(paths[0] as string);
  for (const [i, journal] of journals.entries()) {
    const name = i === 0 ? "main" : `d${i}`;
    if (i > 0) await writer.run(`attach '${paths[i]}' as ${name}`);
    await writer.run(`pragma ${name}.journal_mode=${journal}; pragma ${name}.synchronous=normal;
      create table ${name}.counter(v); insert into ${name}.counter values (0);
      create table ${name}.ballast(x);
      with recursive c(i) as (select 1 union all select i+1 from c where i <= ${ballastMb})
      insert into ${name}.ballast select randomblob(1000000) from c`);
  }
  const round = journals
    .map((_, i) => `update ${i === 0 ? "main" : `d${i}`}.counter set v = v + 1`)
    .join(";");
  return { paths, writer, round };
}

test(
  "databases written in lockstep are captured as of one moment",
  { timeout: 60_000 },
  async () => {
    const { paths, writer, round } = await lockstep(gatewayDirectory(), Array(8).fill("wal"), 20);
    const writing = writer.runFor(round, 5);
    let running = true;
    void writing.finally(() => (running = false));
    await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory(), verify: false });
    const seen: Array<{ apart: number; windowMs: number; pinnedMs: number }> = [];
    for (let turn = 0; running || turn === 0; turn += 1) {
      await using window = await capturer.captureTogether(paths.map((path) => ({ path })));
      expect(window.left).toEqual([]);
      const images = paths.map((path) => window.images.get(path) ?? expect.fail("no image"));
      for (const image of images) {
        expect(image).toMatchObject({ consistent: true, method: "pinned" });
        expect((await image.examination).problems).toEqual([]);
      }
      const counts = images.map(counterOf);
      seen.push({
        apart: Math.max(...counts) - Math.min(...counts),
        windowMs: window.windowMs,
        pinnedMs: Math.max(...images.map((image) => image.longestPinMs)),
      });
      if (turn === 0)
        expect(images.map((image) => integrity(image.path))).toEqual(Array(8).fill("ok"));
    }
    const { rounds } = await writing;
    const perMs = rounds / 5000;
    console.log(`${perMs.toFixed(1)} rounds/ms;`, seen.slice(0, 6));
    for (const { apart, windowMs } of seen)
      expect(apart).toBeLessThanOrEqual(2 + 10 * perMs * windowMs);
    // What makes it a test: the copies took much longer than the moment that they show.
    expect(Math.max(...seen.map(({ pinnedMs, windowMs }) => pinnedMs - windowMs))).toBeGreaterThan(
      30,
    );
  },
);

test("the moment in which eight databases are taken is a few milliseconds", async () => {
  const { paths, writer, round } = await lockstep(gatewayDirectory(), Array(8).fill("wal"), 1);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory(), verify: false });
  const took: number[] = [];
  // On a machine that is busy otherwise, one moment or another is torn apart.
  while (took.length < 3 || (Math.min(...took) >= 10 && took.length < 30)) {
    await writer.run(round);
    await using window = await capturer.captureTogether(paths.map((path) => ({ path })));
    expect(window.images.size).toBe(8);
    took.push(window.windowMs);
  }
  console.log(`${took.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  expect(Math.min(...took)).toBeLessThan(10);
});

test("what is in the log, in rollback mode and at rest goes together", async () => {
  const directory = gatewayDirectory();
  const resting = await lockstep(directory, ["delete"], 1);
  await resting.writer.run(resting.round);
  await rest();
  const other = gatewayDirectory();
  const { paths, writer, round } = await lockstep(other, ["wal", "delete", "wal", "persist"], 1);
  await writer.run(round);
  // However slow this machine is: not at rest.
  const soon = Date.now() / 1000 + 60;
  for (const path of paths) utimesSync(path, soon, soon);
  const before = [fingerprint(directory), fingerprint(other)];
  const scratch = temporaryDirectory();
  await using capturer = new DatabaseCapturer({ scratch });
  const asked = [...paths, ...resting.paths];
  const window = await capturer.captureTogether(asked.map((path) => ({ path })));
  const images = asked.map((path) => window.images.get(path) ?? expect.fail("no image"));
  expect(images.map((image) => image.method)).toEqual([...Array(4).fill("pinned"), "direct"]);
  expect(images.map((image) => image.journal)).toEqual([
    "wal",
    "rollback",
    "wal",
    "rollback",
    "rollback",
  ]);
  expect(images.map(counterOf)).toEqual([1, 1, 1, 1, 1]);
  for (const { examination } of images) {
    const { verification } = await examination;
    expect(verification).toEqual({ checked: true, ok: true, findings: [] });
  }
  expect([fingerprint(directory), fingerprint(other)]).toEqual(before);
  expect(readdirSync(scratch)).toHaveLength(4);
  await images[0]?.[Symbol.asyncDispose]();
  expect(readdirSync(scratch)).toHaveLength(3);
  await window[Symbol.asyncDispose]();
  expect(readdirSync(scratch)).toEqual([]);
});

test("F5: of two names of one file, the log beside the other is found; a third job for it is left", async () => {
  const directory = gatewayDirectory();
  const path = join(directory, "a.db");
  await (await connect(path)).run(WAL);
  const second = join(directory, "second.db");
  linkSync(path, second);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  await using window = await capturer.captureTogether([
    { path: second, otherNames: [path] },
    { path, otherNames: [second] },
  ]);
  const image = window.images.get(second);
  expect(image).toMatchObject({ consistent: true, method: "pinned" });
  expect((await image?.examination)?.facts?.tables).toEqual({ t: 2 });
  expect(window.left).toEqual([
    { path: Buffer.from(path), reason: expect.stringMatching(/same file/) as string },
  ]);
});

test("F7: busy, locked and vanished databases hold up nobody", { timeout: 60_000 }, async () => {
  const directory = gatewayDirectory();
  const at = (name: string) => join(directory, name);
  const busy = await connect(at("busy.db"));
  await busy.run(WAL);
  const rollback = await connect(at("rollback.db"));
  await rollback.run("create table t(a); insert into t values (1),(2)");
  const exclusive = await connect(at("exclusive.db"));
  await exclusive.run(`pragma locking_mode=exclusive; ${WAL}`);
  const locked = await connect(at("locked.db"));
  await locked.run("create table t(a); begin exclusive; insert into t values (1)");
  const unvouched = await connect(at("unvouched.db"));
  await unvouched.run(WAL);
  await unvouched.kill();
  rmSync(at("unvouched.db-shm"));
  const writing = Promise.all([
    busy.runFor("insert into t values (3)", 8),
    rollback.runFor("insert into t values (3)", 8),
  ]);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  const names = ["busy.db", "rollback.db", "exclusive.db", "locked.db", "unvouched.db", "gone.db"];
  const start = performance.now();
  await using window = await capturer.captureTogether(names.map((name) => ({ path: at(name) })));
  const tookMs = performance.now() - start;
  const reasons = Object.fromEntries(
    window.left.map(({ path, reason }) => [path.toString(), reason]),
  );
  console.log(
    `${tookMs.toFixed(0)} ms`,
    [...window.images.values()].map((image) => image.method),
    reasons,
  );
  expect(tookMs).toBeLessThan(20_000);
  expect(window.images.get(at("busy.db"))).toMatchObject({ consistent: true, method: "pinned" });
  expect([...window.images.keys()]).toContain(at("rollback.db"));
  expect(Object.keys(reasons)).toEqual(["exclusive.db", "unvouched.db", "gone.db"].map(at));
  // Locked before anything was written: what it held then is in its file.
  const { facts } = (await window.images.get(at("locked.db"))?.examination) ?? {};
  expect(facts?.tables).toEqual({ t: 0 });
  expect(reasons[at("gone.db")]).toMatch(/ENOENT/);
  await writing;
});

test("F9: rows without their parent are named, and the image is taken", async () => {
  const path = join(gatewayDirectory(), "a.db");
  const gateway = await connect(path);
  await gateway.run(`${WAL}; pragma foreign_keys=off; create table "my notes"(id integer primary key);
    create table pages(note references "my notes"(id)); insert into pages values (7),(8),(null)`);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  await using window = await capturer.captureTogether([{ path }]);
  const image = window.images.get(path) ?? expect.fail("no image");
  expect(image.consistent).toBe(true);
  const { facts, verification } = await image.examination;
  expect(facts?.tables).toMatchObject({ pages: 3 });
  expect(verification).toMatchObject({ checked: true, ok: true });
  expect(verification.findings).toEqual([expect.stringMatching(/table "pages".*"my notes".*: 2$/)]);
});

test("F10: a database of no bytes, and one without tables, are problems", async () => {
  const directory = gatewayDirectory();
  const paths = [join(directory, "empty.db"), join(directory, "bare.db")] as const;
  await (await connect(paths[0])).run("pragma user_version");
  await (await connect(paths[1])).run("pragma journal_mode=wal; pragma user_version=3");
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  await using window = await capturer.captureTogether(paths.map((path) => ({ path })));
  expect(window.left).toEqual([]);
  expect(window.images.get(paths[0])?.size).toBe(0);
  const problems = async (path: string) => (await window.images.get(path)?.examination)?.problems;
  expect(await problems(paths[0])).toEqual([expect.stringMatching(/0 bytes/), "it has no tables"]);
  expect(await problems(paths[1])).toEqual(["it has no tables"]);
});

test("an abort ends a window, and leaves nothing in scratch", async () => {
  const { paths } = await lockstep(gatewayDirectory(), ["wal", "wal", "wal"], 40);
  const scratch = temporaryDirectory();
  const controller = new AbortController();
  await using capturer = new DatabaseCapturer({ scratch, signal: controller.signal });
  const capturing = capturer.captureTogether(paths.map((path) => ({ path })));
  const poll = setInterval(() => readdirSync(scratch).length > 1 && controller.abort(), 5);
  await expect(capturing).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  clearInterval(poll);
  expect(readdirSync(scratch)).toEqual([]);
  // The writer is not locked out by what is gone.
  const database = new DatabaseSync(paths[0] as string);
  expect(database.prepare("pragma wal_checkpoint(truncate)").get()).toMatchObject({ busy: 0 });
  database.close();
});

test.runIf(isRoot)("where there is not room for all, the smaller ones are taken", async () => {
  const small = temporaryDirectory();
  const options = ["-t", "tmpfs", "-o", "size=80m", "tmpfs", small];
  if (spawnSync("mount", options).status !== 0) return;
  try {
    const { paths } = await lockstep(gatewayDirectory(), ["wal", "wal"], 1);
    const large = await lockstep(gatewayDirectory(), ["wal"], 30);
    await using capturer = new DatabaseCapturer({ scratch: small });
    const asked = [...large.paths, ...paths];
    await using window = await capturer.captureTogether(asked.map((path) => ({ path })));
    expect([...window.images.keys()]).toEqual(paths);
    expect(window.left).toMatchObject([{ reason: expect.stringMatching(/no room/) as string }]);
    expect(readdirSync(small)).toHaveLength(2);
  } finally {
    spawnSync("umount", [small]);
  }
});
