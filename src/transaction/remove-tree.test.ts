import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rawPath } from "./raw-path.ts";
import { removeTree } from "./remove-tree.ts";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "clawback-remove-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const remove = (path: string, last?: string) =>
  removeTree(rawPath(path), () => undefined, last && rawPath(last));

test("a link is removed and not followed", async () => {
  fs.mkdirSync(join(folder, "kept"));
  fs.writeFileSync(join(folder, "kept/file"), "");
  fs.mkdirSync(join(folder, "tree"));
  fs.symlinkSync("../kept", join(folder, "tree/link"));
  await remove(join(folder, "tree"));
  expect(fs.readdirSync(folder)).toEqual(["kept"]);
  expect(fs.readdirSync(join(folder, "kept"))).toEqual(["file"]);
});

test("deeper than any path may be long", async () => {
  const tree = join(folder, "tree");
  fs.mkdirSync(tree);
  // From the inside out: what is made is moved one deeper each time.
  fs.mkdirSync(join(folder, "0"));
  for (let i = 0; i < 60; i += 1) {
    const name = "n".repeat(200);
    fs.mkdirSync(join(folder, String(i + 1)));
    fs.renameSync(join(folder, String(i)), join(folder, String(i + 1), name));
  }
  fs.renameSync(join(folder, "60"), join(tree, "deep"));
  await remove(tree);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("names that are no UTF-8", async () => {
  fs.mkdirSync(join(folder, "tree"));
  fs.writeFileSync(Buffer.from(join(folder, "tree/\xff\xfe"), "latin1"), "");
  await remove(join(folder, "tree"));
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("what goes last is there until all else is gone", async () => {
  const tree = join(folder, "tree");
  fs.mkdirSync(tree);
  for (const name of ["a", "mark", "z"]) fs.writeFileSync(join(tree, name), "");
  const seen: string[][] = [];
  const step = (what: string) => {
    if (what.startsWith("unlink")) seen.push(fs.readdirSync(tree));
  };
  await removeTree(rawPath(tree), step, rawPath(join(tree, "mark")));
  expect(seen).toEqual([["mark"]]);
});

test("what is not there is no failure", async () => {
  await remove(join(folder, "nothing"));
  expect(fs.readdirSync(folder)).toEqual([]);
});
