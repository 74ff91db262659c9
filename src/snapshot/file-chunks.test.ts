import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/archives.ts";
import { randomPolynomial } from "../chunker/polynomial.ts";
import { RabinChunker } from "../chunker/rabin.ts";
import type { FileTask } from "./archive-job.ts";
import { FileChunks, type OpenFile } from "./file-chunks.ts";

const chunks = new FileChunks(new RabinChunker({ polynomial: randomPolynomial() }));
const MIB = 1 << 20;

function task(path: string, more: Partial<FileTask> = {}): FileTask {
  return {
    path,
    size: 0,
    seen: undefined,
    range: undefined,
    pageChunk: undefined,
    refuseDatabases: false,
    format: undefined,
    ...more,
  };
}

function open(path: string, more: Partial<FileTask> = {}): OpenFile {
  return chunks.open(task(path, more)) as OpenFile;
}

/** All chunks, copied out of the buffer they share. */
function readAll(file: OpenFile, afterEach: () => void = () => {}): Buffer[] {
  const all: Buffer[] = [];
  for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
    all.push(Buffer.from(chunk));
    afterEach();
  }
  return all;
}

test.each([0, 1, 512 << 10, (512 << 10) + 1, 9 * MIB, 30 * MIB + 7])(
  "the chunks of a file of %d bytes are the file",
  (size) => {
    using folder = temporaryFolder();
    const content = randomBytes(size);
    fs.writeFileSync(folder.at("file"), content);
    using file = open(folder.at("file"));
    const all = readAll(file);
    expect(Buffer.compare(Buffer.concat(all), content)).toBe(0);
    expect(all.every(({ length }) => length > 0 && length <= 8 * MIB)).toBe(true);
    expect(all.slice(0, -1).every(({ length }) => length >= 512 << 10)).toBe(true);
    expect(file.finish()).toEqual({ size, stat: undefined, changed: false });
  },
);

test("the same bytes are cut the same after another file", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("one"), randomBytes(5 * MIB));
  fs.writeFileSync(folder.at("other"), randomBytes(3 * MIB));
  const lengths = (name: string) => {
    using file = open(folder.at(name));
    return readAll(file).map(({ length }) => length);
  };
  const first = lengths("one");
  lengths("other");
  expect(lengths("one")).toEqual(first);
});

test("a file that grows with every read is taken as it was at first", () => {
  using folder = temporaryFolder();
  const content = randomBytes(6 * MIB);
  fs.writeFileSync(folder.at("file"), content);
  using file = open(folder.at("file"));
  const all = readAll(file, () => fs.appendFileSync(folder.at("file"), randomBytes(20 * MIB)));
  expect(Buffer.compare(Buffer.concat(all), content)).toBe(0);
  expect(file.finish()).toMatchObject({ size: content.length, changed: true });
});

test("a file cut short while it is read ends there", () => {
  using folder = temporaryFolder();
  const content = randomBytes(30 * MIB);
  fs.writeFileSync(folder.at("file"), content);
  using file = open(folder.at("file"));
  const all = Buffer.concat(readAll(file, () => fs.truncateSync(folder.at("file"), 12 * MIB)));
  expect(all.length).toBeGreaterThanOrEqual(12 * MIB);
  expect(all.length).toBeLessThan(30 * MIB);
  expect(Buffer.compare(all, content.subarray(0, all.length))).toBe(0);
  expect(file.finish()).toMatchObject({ size: all.length, changed: true });
});

test("a file emptied before its first read is empty", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), randomBytes(MIB));
  using file = open(folder.at("file"));
  fs.truncateSync(folder.at("file"));
  expect(readAll(file)).toEqual([]);
  expect(file.finish()).toMatchObject({ size: 0, changed: true });
});

test("a change between the walk and the first read is in the stat", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "before");
  const seen = fs.lstatSync(folder.at("file"), { bigint: true });
  fs.writeFileSync(folder.at("file"), "after that");
  using file = open(folder.at("file"), { seen });
  expect(Buffer.concat(readAll(file)).toString()).toBe("after that");
  const { stat, changed } = file.finish();
  expect(stat?.size).toBe(10n);
  expect(changed).toBe(false);
});

test("pages are cut evenly, within the range asked for", () => {
  using folder = temporaryFolder();
  const content = randomBytes(100_000);
  fs.writeFileSync(folder.at("file"), content);
  const range = { offset: 8192, length: 50_000 };
  using file = open(folder.at("file"), { range, pageChunk: 8192 });
  const all = readAll(file);
  expect(all.map(({ length }) => length)).toEqual([8192, 8192, 8192, 8192, 8192, 8192, 848]);
  expect(Buffer.compare(Buffer.concat(all), content.subarray(8192, 58_192))).toBe(0);
  expect(file.finish().size).toBe(50_000);
});

test("a database is told by its first bytes, and not read", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("db"), `SQLite format 3\0${"x".repeat(1000)}`);
  fs.writeFileSync(folder.at("text"), "SQLite format 3 is a format");
  fs.writeFileSync(folder.at("short"), "SQLite");
  expect(chunks.open(task(folder.at("db"), { refuseDatabases: true }))).toBeUndefined();
  for (const name of ["text", "short"]) {
    using file = open(folder.at(name), { refuseDatabases: true });
    expect(Buffer.concat(readAll(file))).toEqual(fs.readFileSync(folder.at(name)));
  }
  using image = open(folder.at("db"));
  expect(Buffer.concat(readAll(image))).toHaveLength(1016);
});

test("whatever has taken a file's place is neither followed nor waited for", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("secret"), "");
  fs.symlinkSync("secret", folder.at("link"));
  fs.mkdirSync(folder.at("dir"));
  execFileSync("mkfifo", [folder.at("fifo")]);
  const opening = (name: string) => () => chunks.open(task(folder.at(name)));
  const withCode = (code: string) => expect.objectContaining({ code });
  expect(opening("link")).toThrow(withCode("ELOOP"));
  expect(opening("dir")).toThrow(withCode("EINVAL"));
  expect(opening("fifo")).toThrow(withCode("EINVAL"));
  expect(opening("nowhere")).toThrow(withCode("ENOENT"));
});

test("the time of access stays", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "x");
  fs.utimesSync(folder.at("file"), new Date(0), new Date(1000));
  {
    using file = open(folder.at("file"));
    readAll(file);
  }
  expect(fs.statSync(folder.at("file")).atimeMs).toBe(0);
});

test("no descriptor is left open", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("db"), "SQLite format 3\0");
  fs.mkdirSync(folder.at("dir"));
  const count = () => fs.readdirSync("/dev/fd").length;
  const before = count();
  for (let i = 0; i < 50; i++) {
    chunks.open(task(folder.at("db"), { refuseDatabases: true }));
    expect(() => chunks.open(task(folder.at("dir")))).toThrow();
    using file = open(folder.at("db"));
    file.next();
  }
  expect(count()).toBe(before);
});
