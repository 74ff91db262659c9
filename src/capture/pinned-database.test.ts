import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PinnedDatabase } from "./pinned-database.ts";
import { lookAt } from "./source.ts";

let directory: string;
let path: string;
let image: string;
let gateway: DatabaseSync;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-pinned-"));
  path = join(directory, "a.db");
  image = join(directory, "image");
  gateway = new DatabaseSync(path);
  gateway.exec(`pragma journal_mode=wal; pragma wal_autocheckpoint=0; create table t(a, b);
    with recursive c(i) as (select 1 union all select i+1 from c where i < 400)
    insert into t select i, randomblob(900) from c`);
});

afterEach(() => {
  gateway.close();
  rmSync(directory, { recursive: true });
});

function sumIn(database: DatabaseSync): unknown {
  expect(database.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  return database.prepare("select sum(a) as a from t").get()?.["a"];
}

function sumOfCopy({ size }: { size: number }): unknown {
  using copy = new DatabaseSync(image);
  expect(copy.prepare("pragma page_count").get()).toEqual({ page_count: size / 4096 });
  return sumIn(copy);
}

const CHANGE = "update t set a = -a, b = randomblob(900) where a > 300";

test("a copy holds what was committed when it was taken, and nothing that came later", async () => {
  using pinned = new PinnedDatabase(await lookAt(Buffer.from(path)));
  gateway.exec("insert into t values (1000, null)");
  pinned.take();
  const then = sumIn(gateway);
  gateway.exec(CHANGE);
  gateway.exec("pragma wal_checkpoint(passive)");
  expect(sumOfCopy(pinned.copyTo(image))).toBe(then);
});

test("so it is when the log is started anew meanwhile", async () => {
  gateway.exec("pragma wal_checkpoint(passive)");
  using pinned = new PinnedDatabase(await lookAt(Buffer.from(path)));
  pinned.take();
  const then = sumIn(gateway);
  // Overwrites the log, whose frames are all in the main file, from its start.
  gateway.exec(CHANGE);
  gateway.exec("pragma wal_checkpoint(passive)");
  expect(pinned.copyTo(image).wal).toBeUndefined();
  expect(sumOfCopy({ size: pinned.copyTo(`${image}-2`).size })).toBe(then);
});

test("and when it was started anew before, while another one was read", async () => {
  gateway.exec("pragma wal_checkpoint(passive)");
  using pinned = new PinnedDatabase(await lookAt(Buffer.from(path)));
  gateway.exec(CHANGE);
  pinned.take();
  const then = sumIn(gateway);
  gateway.exec("insert into t values (1000, null)");
  expect(sumOfCopy(pinned.copyTo(image))).toBe(then);
});

test("files that were replaced are noticed", async () => {
  using pinned = new PinnedDatabase(await lookAt(Buffer.from(path)));
  pinned.take();
  pinned.confirm();
  renameSync(path, `${path}.old`);
  writeFileSync(path, "another one");
  expect(() => pinned.confirm()).toThrow(/replaced/);
});
