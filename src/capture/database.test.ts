import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { errno } from "../errors.ts";
import { DatabaseCapturer, isSqliteHeader } from "./database.ts";

let directory: string;
let scratch: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-database-"));
  scratch = join(directory, "scratch");
  mkdirSync(scratch);
  path = join(directory, "a.db");
});

afterEach(() => rmSync(directory, { recursive: true }));

function make(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test("reports what the image holds", async () => {
  make(`pragma auto_vacuum=2; pragma user_version=23; pragma application_id=7;
    create table "odd ""name"" é"(a); insert into "odd ""name"" é" values (1),(2);
    create virtual table words using fts5(text); insert into words values ('hello')`);
  await using capturer = new DatabaseCapturer({ scratch });
  await using image = await capturer.capture(path);
  const { facts, problems } = await image.examination;
  expect(facts).toMatchObject({
    userVersion: 23,
    applicationId: 7,
    encoding: "UTF-8",
    autoVacuum: 2,
  });
  expect(facts?.tables).toMatchObject({ 'odd "name" é': 2, words_content: 1 });
  expect(problems).toEqual([]);
  expect(isSqliteHeader(readFileSync(image.path).subarray(0, 16))).toBe(true);
  expect(statSync(image.path).mode & 0o777).toBe(0o600);
});

test("an image goes when it is disposed of", async () => {
  make("create table t(a)");
  await using capturer = new DatabaseCapturer({ scratch });
  const image = await capturer.capture(path);
  expect(readdirSync(scratch)).toHaveLength(1);
  await image[Symbol.asyncDispose]();
  expect(readdirSync(scratch)).toEqual([]);
});

test("no tables, and a file cut short, are problems", async () => {
  make("pragma user_version=1");
  await using capturer = new DatabaseCapturer({ scratch });
  await using bare = await capturer.capture(path);
  expect((await bare.examination).problems).toEqual(["it has no tables"]);
  rmSync(path);
  make("create table t(a); insert into t values (zeroblob(50000))");
  writeFileSync(path, readFileSync(path).subarray(0, 8192));
  await using cut = await capturer.capture(path);
  expect((await cut.examination).problems.join()).toMatch(/cut short/);
  expect(cut.size).toBe(8192);
});

test("a file that is gone is ENOENT, and the capturer goes on", async () => {
  await using capturer = new DatabaseCapturer({ scratch });
  const failed = await capturer.capture(path).catch((error: unknown) => error);
  expect(errno(failed)).toBe("ENOENT");
  make("create table t(a)");
  await using image = await capturer.capture(path);
  expect(image.consistent).toBe(true);
});

test("an abort ends the work and leaves nothing in scratch", async () => {
  make("create table t(a); insert into t values (zeroblob(100000000))");
  const controller = new AbortController();
  await using capturer = new DatabaseCapturer({ scratch, signal: controller.signal });
  const capturing = capturer.capture(path);
  setTimeout(() => controller.abort(), 120);
  await expect(capturing).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  expect(readdirSync(scratch)).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  "a full scratch disk: the other one, or the file itself, or E_NO_SPACE",
  async () => {
    const small = join(directory, "small");
    mkdirSync(small);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]).status !== 0) return;
    try {
      make("create table t(a); insert into t values (zeroblob(3000000))");
      await using both = new DatabaseCapturer({ scratch: small, fallbackScratch: scratch });
      await using spooled = await both.capture(path);
      expect(String(spooled.path)).toContain(scratch);
      await using one = new DatabaseCapturer({ scratch: small });
      await using itself = await one.capture(path);
      expect(itself.method).toBe("direct");
      await expect(one.capture(path, { forceCopy: true })).rejects.toMatchObject({
        code: "E_NO_SPACE",
        hint: expect.stringContaining(small) as string,
      });
      expect(readdirSync(small)).toEqual([]);
    } finally {
      spawnSync("umount", [small]);
    }
  },
);

test("a stable set holds the files that are there, and knows when they move", async () => {
  writeFileSync(path, "encrypted");
  writeFileSync(`${path}-wal`, "log");
  await using capturer = new DatabaseCapturer({ scratch });
  await using set = await capturer.captureStableSet([path, `${path}-wal`, `${path}-journal`]);
  expect(set.stable).toBe(true);
  expect(set.files.map((file) => readFileSync(file.path, "utf8"))).toEqual(["encrypted", "log"]);
  // As it looks while somebody writes: a time that is not past.
  const soon = Date.now() / 1000 + 60;
  utimesSync(path, soon, soon);
  await using moving = await capturer.captureStableSet([path]);
  expect(moving.stable).toBe(false);
});
