import { appendFileSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { copyStable } from "./stable-copy.ts";

/** What happens between a copy and the look after it. */
let meanwhile: () => void = () => undefined;

vi.mock("./copy.ts", async (original) => {
  const real = await original<typeof import("./copy.ts")>();
  const copyBytes: typeof real.copyBytes = (...given) => {
    const size = real.copyBytes(...given);
    meanwhile();
    return size;
  };
  return { ...real, copyBytes };
});

let directory: string;
let path: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "clawback-stable-"));
  path = join(directory, "a.db");
  const database = new DatabaseSync(path);
  database.exec("create table t(a); insert into t values (1)");
  database.close();
  meanwhile = () => undefined;
  await sleep(40);
});

afterEach(() => rmSync(directory, { recursive: true }));

const copied = () => copyStable(Buffer.from(path), join(directory, "image"));

test("a file at rest is copied without a doubt", async () => {
  expect(await copied()).toMatchObject({ doubt: undefined, size: 8192, recovered: false });
});

test("a file written to while it is copied is doubted", async () => {
  meanwhile = () => appendFileSync(path, "x");
  expect((await copied()).doubt).toMatch(/written to/);
});

test("so is one written to behind its old mtime", async () => {
  meanwhile = () => utimesSync(path, 1, 1);
  expect((await copied()).doubt).toMatch(/written to/);
});

test("a journal beside it that comes meanwhile does no harm while the file rests", async () => {
  meanwhile = () => appendFileSync(`${path}-journal`, "\0");
  expect((await copied()).doubt).toBeUndefined();
});

test("a journal that holds nothing of use is recovered from all the same", async () => {
  appendFileSync(`${path}-journal`, "x");
  expect(await copied()).toMatchObject({ doubt: undefined, recovered: true, size: 8192 });
});
