import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { databaseSignature, isSettled, sameSignature } from "./signature.ts";
import type { DatabaseSignature } from "./signature.ts";

let directory: string;
let path: string;
let gateway: DatabaseSync;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-signature-"));
  path = join(directory, "a.db");
  gateway = new DatabaseSync(path);
  gateway.exec("pragma journal_mode=wal; create table t(a); pragma wal_checkpoint(passive)");
});

afterEach(() => {
  gateway.close();
  rmSync(directory, { recursive: true });
});

const settled = async (): Promise<DatabaseSignature> => ({
  ...(JSON.parse(JSON.stringify(await databaseSignature(path))) as DatabaseSignature),
  settled: true,
});

test("survives JSON, and is the same while nothing is written", async () => {
  const earlier = await settled();
  expect(sameSignature(earlier, await databaseSignature(path))).toBe(true);
});

test("a commit that leaves the main file alone shows", async () => {
  const earlier = await settled();
  gateway.exec("insert into t values (1)");
  const later = await databaseSignature(path);
  expect(later.main).toEqual(earlier.main);
  expect(sameSignature(earlier, later)).toBe(false);
});

test("a log started anew shows even with size and times alike", async () => {
  const earlier = await settled();
  const wal = earlier.wal ?? expect.fail("no log");
  const anew = {
    ...earlier,
    wal: { ...wal, header: wal.header.replace(/.{16}$/, "0".repeat(16)) },
  };
  expect(sameSignature(earlier, anew)).toBe(false);
});

test("a journal that comes or grows shows", async () => {
  const earlier = await settled();
  writeFileSync(`${path}-journal`, "");
  const created = await settled();
  expect(sameSignature(earlier, created)).toBe(false);
  appendFileSync(`${path}-journal`, "x");
  expect(sameSignature(created, await databaseSignature(path))).toBe(false);
});

test("a change of the last two seconds is not trusted", async () => {
  const fresh = await databaseSignature(path);
  expect(fresh.settled).toBe(false);
  expect(sameSignature(fresh, fresh)).toBe(false);
  expect(isSettled(fresh.main, 2000, Date.now() + 2500)).toBe(true);
  utimesSync(path, new Date(), new Date(Date.now() + 60_000));
  const future = await databaseSignature(path);
  expect(isSettled(future.main, 2000, Date.now() + 2500)).toBe(false);
});
