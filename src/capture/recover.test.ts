import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recoverCopy } from "./recover.ts";

let directory: string;
let image: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-recover-"));
  image = join(directory, "image");
  const script = `const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec("create table t(a); insert into t values (1)");
    database.exec("pragma cache_size=2; begin; with recursive c(i) as (select 1 union all select i+1 from c where i < 3000) insert into t select hex(randomblob(100)) from c");
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["-e", script, join(directory, "source")]);
  copyFileSync(join(directory, "source"), image);
  copyFileSync(join(directory, "source-journal"), `${image}-journal`);
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Ends the journal as a commit over several databases does: page number, name, length, sum, magic. */
function nameSuperJournal(path: string): void {
  const name = Buffer.from(path);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(name.length, 0);
  numbers.writeUInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  const lockPage = Buffer.from([0, 0x04, 0, 1]);
  const magic = Buffer.from("d9d505f920a163d7", "hex");
  appendFileSync(`${image}-journal`, Buffer.concat([lockPage, name, numbers, magic]));
}

function rows(): number {
  const database = new DatabaseSync(image);
  try {
    return Number(database.prepare("select count(*) as n from t").get()?.["n"]);
  } finally {
    database.close();
  }
}

test("rolls a half-way transaction back", () => {
  recoverCopy(image);
  expect(existsSync(`${image}-journal`)).toBe(false);
  expect(rows()).toBe(1);
});

test("rolls back with a super-journal that is there, and leaves that alone", () => {
  const superJournal = join(directory, "source-mj0123");
  writeFileSync(superJournal, "\0");
  nameSuperJournal(superJournal);
  recoverCopy(image);
  expect(rows()).toBe(1);
  expect(existsSync(superJournal)).toBe(true);
});

test("does not roll back when the super-journal is gone: the transaction was committed", () => {
  nameSuperJournal(join(directory, "gone"));
  expect(() => recoverCopy(image)).not.toThrow();
  expect(existsSync(`${image}-journal`)).toBe(false);
});
