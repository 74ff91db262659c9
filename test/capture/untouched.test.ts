import { spawnSync } from "node:child_process";
import { chownSync, copyFileSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DatabaseCapturer } from "../../src/capture/database.ts";
import type { CaptureOptions, DatabaseImage, RawPath } from "../../src/capture/database.ts";
import { connect, fingerprint, gatewayDirectory, integrity, isRoot, query } from "./live.ts";
import { temporaryDirectory } from "./live.ts";

const WAL = "pragma journal_mode=wal; create table t(a); insert into t values (1),(2)";
const ROLLBACK = "create table t(a); insert into t values (1),(2)";
/** Leaves a transaction half-way in the main file, its undo in the journal. */
const SPILL = `pragma cache_size=2; begin; update t set a = a + 40;
  with recursive c(i) as (select 1 union all select i+1 from c where i < 3000)
  insert into t select hex(randomblob(100)) from c`;
/** Longer ago than a change that its file's times might not show. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 2100));

async function captured(path: RawPath, options?: CaptureOptions): Promise<DatabaseImage> {
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  const image = await capturer.capture(path, options);
  await image.examination;
  return image;
}

/** Captures, and expects rows 1 and 2 in a sound image, and a directory just as it was. */
async function expectUntouched(path: RawPath, directory: string): Promise<DatabaseImage> {
  const before = fingerprint(directory);
  const image = await captured(path);
  expect(fingerprint(directory)).toEqual(before);
  expect(image.consistent).toBe(true);
  expect(await image.examination).toMatchObject({ problems: [], facts: { tables: { t: 2 } } });
  expect(integrity(image.path)).toBe("ok");
  expect(query(image.path, "select sum(a) as sum from t")).toEqual([{ sum: 3 }]);
  expect(await image.confirm()).toBe(true);
  expect(fingerprint(directory)).toEqual(before);
  return image;
}

async function makeIn(directory: string, sql: string, end: "live" | "close" | "kill") {
  const path = join(directory, "a.db");
  const gateway = await connect(path);
  await gateway.run(sql);
  if (end !== "live") await gateway[end]();
  return { path, gateway };
}

test("a live WAL database, idle", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, WAL, "live");
  expect(await expectUntouched(path, directory)).toMatchObject({
    method: "pinned",
    journal: "wal",
  });
});

test("a live WAL database whose log is wholly checkpointed", async () => {
  const directory = gatewayDirectory();
  const { path, gateway } = await makeIn(directory, WAL, "live");
  await gateway.run("pragma wal_checkpoint(passive)");
  expect((await expectUntouched(path, directory)).method).toBe("pinned");
});

test("a live WAL database amid a transaction", async () => {
  const directory = gatewayDirectory();
  const { path, gateway } = await makeIn(directory, WAL, "live");
  await gateway.run(SPILL);
  expect((await expectUntouched(path, directory)).method).toBe("pinned");
});

test("a live WAL database with an empty log", async () => {
  const directory = gatewayDirectory();
  const { path, gateway } = await makeIn(directory, WAL, "live");
  await gateway.run("pragma wal_checkpoint(truncate)");
  expect((await expectUntouched(path, directory)).method).toBe("pinned");
  await rest();
  const image = await expectUntouched(path, directory);
  expect(image.method).toBe("direct");
  await gateway.run("insert into t values (3)");
  expect(await image.confirm()).toBe(true);
  await gateway.run("pragma wal_checkpoint(passive)");
  expect(await image.confirm()).toBe(false);
  const again = await captured(path, { forceCopy: true });
  expect(again.method).toBe("pinned");
  expect((await again.examination).facts?.tables).toEqual({ t: 3 });
});

test("a WAL database closed cleanly", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, WAL, "close");
  await rest();
  expect(await expectUntouched(path, directory)).toMatchObject({
    method: "direct",
    path: Buffer.from(path),
  });
});

test("a WAL database killed", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, `${WAL}; ${SPILL}`, "kill");
  expect((await expectUntouched(path, directory)).method).toBe("pinned");
});

test("a WAL database killed, its -shm gone", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, `${WAL}; ${SPILL}`, "kill");
  rmSync(`${path}-shm`);
  expect((await expectUntouched(path, directory)).method).toBe("stable-copy");
});

test("a WAL database in exclusive locking mode", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, `pragma locking_mode=exclusive; ${WAL}`, "live");
  expect((await expectUntouched(path, directory)).method).toBe("stable-copy");
});

test("a rollback-journal database, live and idle, just written and at rest", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, ROLLBACK, "live");
  expect(await expectUntouched(path, directory)).toMatchObject({
    method: "pinned",
    journal: "rollback",
  });
  await rest();
  expect((await expectUntouched(path, directory)).method).toBe("direct");
});

test("a rollback-journal database locked amid a transaction", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, `${ROLLBACK}; ${SPILL}`, "live");
  expect((await expectUntouched(path, directory)).method).toBe("recovered");
});

test("a hot journal", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, `${ROLLBACK}; ${SPILL}`, "kill");
  expect((await expectUntouched(path, directory)).method).toBe("recovered");
});

test("a database locked amid a transaction without a journal is not called consistent", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(
    directory,
    `${ROLLBACK}; pragma journal_mode=memory; ${SPILL}`,
    "live",
  );
  const image = await captured(path);
  expect(image.consistent).toBe(false);
  expect(image.reason).toMatch(/no journal/);
});

test.runIf(isRoot)("a read-only mount, with and without -shm", async () => {
  const directory = gatewayDirectory();
  const { path, gateway } = await makeIn(directory, WAL, "kill");
  await gateway.kill();
  const mounted = temporaryDirectory();
  const mount = spawnSync("mount", ["-t", "tmpfs", "tmpfs", mounted]);
  if (mount.status !== 0) return;
  try {
    for (const suffix of ["", "-wal", "-shm"])
      copyFileSync(path + suffix, join(mounted, `a.db${suffix}`));
    spawnSync("mount", ["-o", "remount,ro", mounted]);
    expect((await expectUntouched(join(mounted, "a.db"), mounted)).method).toBe("pinned");
    spawnSync("mount", ["-o", "remount,rw", mounted]);
    rmSync(join(mounted, "a.db-shm"));
    spawnSync("mount", ["-o", "remount,ro", mounted]);
    expect((await expectUntouched(join(mounted, "a.db"), mounted)).method).toBe("stable-copy");
  } finally {
    spawnSync("umount", [mounted]);
  }
});

test.runIf(isRoot)(
  "root's own database keeps content, mtime, owner and its -wal's signature",
  async () => {
    const directory = temporaryDirectory();
    const gateway = await connect(join(directory, "a.db"), 0);
    await gateway.run(WAL);
    const withoutCtime = () =>
      fingerprint(directory).map((line) => line.split(" ").toSpliced(3, 1));
    const before = withoutCtime();
    expect((await captured(join(directory, "a.db"))).method).toBe("pinned");
    expect(withoutCtime()).toEqual(before);
  },
);

test.runIf(isRoot)("another user captures what everybody may read", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, WAL, "live");
  const scratch = temporaryDirectory();
  chownSync(scratch, 1, 1);
  spawnSync("chmod", ["755", directory]);
  const before = fingerprint(directory);
  const database = new URL("../../src/capture/database.ts", import.meta.url).href;
  const script = `const { DatabaseCapturer } = await import(${JSON.stringify(database)});
    await using capturer = new DatabaseCapturer({ scratch: ${JSON.stringify(scratch)} });
    await using image = await capturer.capture(${JSON.stringify(path)});
    const { facts } = await image.examination;
    console.log(image.method, image.consistent, facts.tables.t);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    uid: 1,
    gid: 1,
  });
  expect(run.stdout.toString().trim()).toBe("pinned true 2");
  expect(fingerprint(directory)).toEqual(before);
});

test("names that need care", async () => {
  const directory = gatewayDirectory();
  for (const name of ["a?b#c%20 d'\"&=.db", "päth 漢.db", "\xff\xfe raw"]) {
    const inside = join(directory, `sub-${fingerprint(directory).length}`);
    mkdirSync(inside);
    if (isRoot) chownSync(inside, 65534, 65534);
    const { path } = await makeIn(inside, WAL, "kill");
    const odd = Buffer.from(join(inside, name), name.startsWith("\xff") ? "latin1" : "utf8");
    for (const suffix of ["", "-wal", "-shm"]) {
      renameSync(path + suffix, Buffer.concat([odd, Buffer.from(suffix)]));
    }
    await expectUntouched(odd, inside);
    rmSync(inside, { recursive: true });
  }
});

test("of two names of one file, the log is found beside the other", async () => {
  const directory = gatewayDirectory();
  const { path } = await makeIn(directory, WAL, "live");
  const second = join(directory, "second.db");
  linkSync(path, second);
  expect((await captured(second)).reason).toMatch(/further names/);
  const image = await captured(second, { otherNames: [path] });
  expect(image.consistent).toBe(true);
  expect((await image.examination).facts?.tables).toEqual({ t: 2 });
});
