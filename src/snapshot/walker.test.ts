import * as fs from "node:fs";
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/archives.ts";
import { OUT_OF_SCOPE, type Selector, walk, type WalkStep } from "./walker.ts";

const takeAll: Selector = () => undefined;

/** The steps below a folder, as lines; what leads to the roots is left away. */
function lines(base: string, roots: string[], select = takeAll, measure = true): string[] {
  return steps(roots, select, measure).flatMap((step) => {
    const path = pathOf(step);
    if (!path.startsWith(`${base}/`)) return [];
    return [`${step.kind} ${path.slice(base.length + 1)}`];
  });
}

function steps(roots: string[], select = takeAll, measure = true): WalkStep[] {
  return [
    ...walk(
      roots.map((root) => Buffer.from(root)),
      select,
      { measure },
    ),
  ];
}

function pathOf(step: WalkStep): string {
  switch (step.kind) {
    case "left-out":
      return step.leftOut.path.toString();
    case "failed":
      return step.failure.path.toString();
    case "vanished":
      return step.path.toString();
    default:
      return step.entry.path.toString();
  }
}

test("depth first, by the bytes of the names, everything entered is left", () => {
  using folder = temporaryFolder();
  for (const name of ["b", "a", "é", "B", "a.b", "z"]) fs.writeFileSync(folder.at(name), "");
  fs.mkdirSync(folder.at("a-dir/inner"), { recursive: true });
  fs.writeFileSync(folder.at("a-dir/inner/file"), "");
  expect(lines(folder.path, [folder.path])).toEqual([
    "entry B",
    "entry a",
    "enter a-dir",
    "enter a-dir/inner",
    "entry a-dir/inner/file",
    "leave a-dir/inner",
    "leave a-dir",
    "entry a.b",
    "entry b",
    "entry z",
    "entry é",
  ]);
});

test("what leads to the roots is entered, what lies beside it is not", () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("home/a/deep"), { recursive: true });
  fs.mkdirSync(folder.at("home/b"), { recursive: true });
  for (const name of ["home/not", "home/a/not", "home/a/deep/one", "home/b/two"]) {
    fs.writeFileSync(folder.at(name), "");
  }
  const roots = [folder.at("home/b"), folder.at("home/a/deep")];
  expect(lines(folder.path, roots)).toEqual([
    "enter home",
    "enter home/a",
    "enter home/a/deep",
    "entry home/a/deep/one",
    "leave home/a/deep",
    "leave home/a",
    "enter home/b",
    "entry home/b/two",
    "leave home/b",
    "leave home",
  ]);
  const ancestors = steps(roots).flatMap((step) =>
    step.kind === "enter" && step.entry.ancestor ? [step.entry.path.toString()] : [],
  );
  expect(ancestors).toContain(folder.at("home/a"));
  expect(ancestors).not.toContain(folder.at("home/b"));
});

test("a root within another is simply part of it", () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("a/b/c"), { recursive: true });
  const one = lines(folder.path, [folder.at("a")]);
  expect(lines(folder.path, [folder.at("a/b/c"), folder.at("a"), folder.at("a/b")])).toEqual(one);
});

test("roots that are a file, a link, a socket's like, or nowhere", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "x");
  fs.symlinkSync("file", folder.at("link"));
  execFileSync("mkfifo", [folder.at("fifo")]);
  const roots = ["file", "link", "fifo", "nowhere"].map((name) => folder.at(name));
  expect(lines(folder.path, roots)).toEqual([
    "left-out fifo",
    "entry file",
    "entry link",
    "vanished nowhere",
  ]);
});

test("a root that a link or a file stands before is a failure, not silence", () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("real/inner"), { recursive: true });
  fs.symlinkSync("real", folder.at("link"));
  fs.writeFileSync(folder.at("file"), "not ours to take");
  const roots = [folder.at("link/inner"), folder.at("file/inner")];
  expect(lines(folder.path, roots)).toEqual(["failed file", "failed link"]);
  // The link itself is wanted, and so is something through it.
  expect(lines(folder.path, [folder.at("link"), folder.at("link/inner")])).toEqual([
    "failed link",
    "entry link",
  ]);
});

test("links are entries, never followed, loops or not", () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("dir"));
  fs.symlinkSync("..", folder.at("dir/up"));
  fs.symlinkSync("loop", folder.at("loop"));
  fs.symlinkSync("dir", folder.at("to-dir"));
  fs.symlinkSync(Buffer.from("ff2f80", "hex"), folder.at("bytes"));
  expect(lines(folder.path, [folder.path])).toEqual([
    "entry bytes",
    "enter dir",
    "entry dir/up",
    "leave dir",
    "entry loop",
    "entry to-dir",
  ]);
  const targets = steps([folder.path]).flatMap((step) =>
    step.kind === "entry" ? [step.entry.linktarget?.toString("latin1")] : [],
  );
  expect(targets).toEqual(["\xff/\x80", "..", "loop", "dir"]);
});

test("what vanishes between listing and looking is told as that", () => {
  using folder = temporaryFolder();
  for (const name of ["a", "b", "c"]) fs.writeFileSync(folder.at(name), "");
  fs.mkdirSync(folder.at("d"));
  const select: Selector = ({ name }) => {
    if (name.toString() === "a") fs.rmSync(folder.at("b"));
    // Listed and looked at, but gone before it is entered.
    if (name.toString() === "d") fs.rmdirSync(folder.at("d"));
    return undefined;
  };
  expect(lines(folder.path, [folder.path], select)).toEqual([
    "entry a",
    "vanished b",
    "entry c",
    "enter d",
    "vanished d",
    "leave d",
  ]);
});

test("two hundred levels deep", () => {
  using folder = temporaryFolder();
  const deep = Array.from({ length: 200 }, () => "level").join("/");
  fs.mkdirSync(folder.at(deep), { recursive: true });
  fs.writeFileSync(folder.at(deep, "bottom"), "");
  const all = lines(folder.path, [folder.path]);
  expect(all).toHaveLength(401);
  expect(all[200]).toBe(`entry ${deep}/bottom`);
});

test("the selector leaves out with a reason, and sees the siblings", () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("cache/deep"), { recursive: true });
  fs.writeFileSync(folder.at("cache/one"), "12345");
  fs.writeFileSync(folder.at("cache/deep/two"), "678");
  fs.symlinkSync("/nowhere", folder.at("cache/link"));
  fs.writeFileSync(folder.at("kept"), "");
  fs.writeFileSync(folder.at("scope"), "");
  const select: Selector = ({ name, siblings }) => {
    if (name.toString() === "scope") return OUT_OF_SCOPE;
    return name.toString() === "cache" && siblings.has("kept") ? "made again" : undefined;
  };
  const path = Buffer.from(folder.at("cache"));
  const leftOut = (measure: boolean) =>
    steps([folder.path], select, measure).flatMap((step) =>
      step.kind === "left-out" ? [step.leftOut] : [],
    );
  expect(leftOut(true)).toEqual([{ path, reason: "made again", files: 3, bytes: 8 }]);
  expect(leftOut(false)).toEqual([{ path, reason: "made again", files: 0, bytes: 0 }]);
  expect(lines(folder.path, [folder.path], select)).toEqual(["left-out cache", "entry kept"]);
});

test("what only lives with its process is left out with a reason", () => {
  using folder = temporaryFolder();
  execFileSync("mkfifo", [folder.at("fifo")]);
  const [step] = steps([folder.path]).filter(({ kind }) => kind === "left-out");
  expect(step).toMatchObject({ leftOut: { reason: expect.stringContaining("pipe"), files: 1 } });
});

test("names that are no UTF-8 are walked as they are", () => {
  using folder = temporaryFolder();
  const name = Buffer.from("ff0a80", "hex");
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), name]), "");
  const [entry] = steps([folder.path]).flatMap((step) =>
    step.kind === "entry" ? [step.entry] : [],
  );
  expect(entry?.name.equals(name)).toBe(true);
  expect(entry?.path.subarray(-3).equals(name)).toBe(true);
});
