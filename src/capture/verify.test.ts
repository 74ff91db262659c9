import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DatabaseCapturer } from "./database.ts";
import type { DatabaseCapturerOptions } from "./database.ts";
import { verify } from "./verify.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-verify-"));
  path = join(directory, "a.db");
});

afterEach(() => rmSync(directory, { recursive: true }));

function make(sql: string): void {
  const database = new DatabaseSync(path, { defensive: false });
  database.exec(sql);
  database.close();
}

async function verification(options: Partial<DatabaseCapturerOptions>) {
  await using capturer = new DatabaseCapturer({ scratch: directory, ...options });
  await using image = await capturer.capture(path);
  const { verification: found, facts } = await image.examination;
  return { ...found, rows: facts?.tables["t"] };
}

const ROWS = `create table t(a, b); with recursive c(i) as (select 1 union all select i+1 from c where i < 2000)
  insert into t select i, randomblob(500) from c`;

test("a sound database", () => {
  make(ROWS);
  expect(verify(path)).toEqual({ checked: true, ok: true, findings: [] });
});

test("damaged pages are found, twenty at most, and the image is taken all the same", async () => {
  make(ROWS);
  const bytes = readFileSync(path);
  for (let page = 3; page < 200; page += 2) bytes.fill(0xee, page * 4096, page * 4096 + 60);
  writeFileSync(path, bytes);
  const found = await verification({});
  expect(found).toMatchObject({ checked: true, ok: false });
  expect(found.findings.length).toBeGreaterThan(0);
  expect(found.findings.join("\n").split("\n").length).toBeLessThan(30);
});

test("a file that is no database inside its header is damaged", () => {
  make(ROWS);
  writeFileSync(path, readFileSync(path).fill(0x5a, 100));
  expect(verify(path)).toMatchObject({ checked: true, ok: false });
});

test("foreign keys: each table for itself, one that cannot be checked too", () => {
  make(`pragma foreign_keys=off; create table parent(a, b);
    create table "odd ""child"""(x references parent(a)); insert into "odd ""child""" values (1);
    create table orphans(x references gone(a)); insert into orphans values (1),(2),(null)`);
  expect(verify(path)).toEqual({
    checked: true,
    ok: true,
    findings: expect.toSatisfy(
      (findings: string[]) =>
        findings.length === 2 &&
        findings.some((each) => /"odd ""child""".*cannot be checked.*mismatch/.test(each)) &&
        findings.some((each) => /"orphans".*"gone".*: 2$/.test(each)),
    ) as string[],
  });
});

test("what only its own program can read is not called damaged", () => {
  make(`create table t(a); insert into t values ('x'); create index i on t(a collate nocase);
    pragma writable_schema=1; update sqlite_schema set sql=replace(sql,'nocase','theirs') where name='i'`);
  expect(verify(path)).toMatchObject({
    checked: false,
    ok: false,
    why: expect.stringMatching(/theirs/) as string,
  });
});

test("verification is skipped when asked, for size, and ends for time: the facts stay", async () => {
  make(`${ROWS}; with recursive c(i) as (select 1 union all select i+1 from c where i < 400000)
    insert into t select i, null from c; create index i on t(a, b)`);
  const skipped = { checked: false, ok: false, findings: [], rows: 402_000 };
  expect(await verification({ verify: false })).toMatchObject({
    ...skipped,
    why: "it was not asked for",
  });
  expect(await verification({ verifyBytes: 1 << 20 })).toMatchObject({
    ...skipped,
    why: expect.stringMatching(/larger/) as string,
  });
  expect(await verification({ verifyMs: 1 })).toMatchObject({
    ...skipped,
    why: expect.stringMatching(/1 ms/) as string,
  });
});
