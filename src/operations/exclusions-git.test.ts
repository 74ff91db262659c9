import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { walk } from "../snapshot/walker.ts";
import { IGNORE_FILE } from "./ignore-file.ts";
import { type KnownRoot, RootIndex } from "./root-index.ts";
import { EVERYTHING, selectionOf } from "./selection.ts";

let dir: string;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "clawback-ignore-")));
  execFileSync("git", ["init", "--quiet", dir]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const NAMES = ["a", "b", "ab", "a.mp4", "b.txt", "x y", "é", "[a]", "!a", "#a", "a*", "t ", "-"];
const name = fc.constantFrom(...NAMES);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

const part = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 2, arbitrary: fc.constantFrom("**", "*", "?", "a*", "*.mp4", "[ab]", "[!a]*", "[^b]") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "\\[a]",
      "\\!a",
      "\\#a",
      "a\\*",
      "[[:alpha:]]",
      "[a-b]",
      "[]a]",
      "[",
    ),
  },
);
const pattern = fc
  .record({
    negation: fc.constantFrom("", "", "!"),
    start: fc.constantFrom("", "", "/"),
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom("", "", "/", " ", "\\ "),
  })
  .filter(({ parts }) => parts.filter((each) => each === "**").length <= 2)
  .map(({ negation, start, parts, end }) => `${negation}${start}${parts.join("/")}${end}`);
const patterns = fc.array(pattern, { maxLength: 4 });

const scene = fc.record({
  files: fc.array(path, { minLength: 1, maxLength: 30 }),
  ignoreFiles: fc.array(fc.tuple(fc.option(path), patterns), { maxLength: 3 }),
  // A list has no comments: a `#` there stands for itself.
  settings: patterns.map((all) => all.filter((each) => !each.startsWith("#"))),
  // Spaces at their ends are for files; git takes its flags as they are.
  flags: patterns.map((all) => all.filter((each) => !each.endsWith(" "))),
  lineEnd: fc.constantFrom("\n", "\r\n"),
});

function make(paths: readonly string[], ignoreFiles: ReadonlyMap<string, string>): void {
  for (const each of paths) {
    try {
      mkdirSync(dirname(join(dir, each)), { recursive: true });
      writeFileSync(join(dir, each), each);
    } catch {
      // Something of that name is there already.
    }
  }
  for (const [at, text] of ignoreFiles) {
    try {
      mkdirSync(join(dir, at), { recursive: true });
      writeFileSync(join(dir, at, IGNORE_FILE), text);
    } catch {
      // There is a file of that name.
    }
  }
}

/** What git ignores when it reads the same lines. */
function ignoredByGit(settings: readonly string[], flags: readonly string[]): Set<string> {
  const file = join(dir, ".git/settings");
  writeFileSync(file, settings.map((line) => `${line}\n`).join(""));
  const args = [
    "ls-files",
    "--others",
    "--ignored",
    "-z",
    `--exclude-from=${file}`,
    `--exclude-per-directory=${IGNORE_FILE}`,
    ...flags.map((each) => `--exclude=${each}`),
  ];
  const listed = execFileSync("git", ["-c", "core.ignoreCase=false", ...args], { cwd: dir });
  return withoutIgnoreFiles(listed.toString().split("\0").filter(Boolean));
}

function leftOutByUs(settings: readonly string[], flags: readonly string[]): Set<string> {
  const root: KnownRoot = {
    kind: "workspace",
    path: dir,
    realPath: dir,
    component: "workspace",
    secret: false,
    nested: [],
    isDirectory: true,
    why: "",
  };
  const exclude = { settings, flags, home: "/nowhere" };
  const { select } = selectionOf(new RootIndex([root]), { ...EVERYTHING, exclude });
  const left: string[] = [];
  for (const step of walk([Buffer.from(dir)], select, { measure: true })) {
    if (step.kind !== "left-out") continue;
    const { path: at, files } = step.leftOut;
    const below = filesBelow(at.toString());
    expect(files).toBe(below.length);
    left.push(...below.map((each) => each.slice(dir.length + 1)));
  }
  return withoutIgnoreFiles(left.filter((each) => !each.startsWith(".git/")));
}

function withoutIgnoreFiles(paths: readonly string[]): Set<string> {
  return new Set(paths.filter((each) => !each.endsWith(IGNORE_FILE)).sort());
}

function filesBelow(at: string): string[] {
  try {
    return readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
      filesBelow(join(at, entry.name)),
    );
  } catch {
    return [at];
  }
}

test("what is left out is what git ignores", () => {
  fc.assert(
    fc.property(scene, ({ files, ignoreFiles, settings, flags, lineEnd }) => {
      for (const each of readdirSync(dir)) {
        if (each !== ".git") rmSync(join(dir, each), { recursive: true });
      }
      make(
        files,
        new Map(ignoreFiles.map(([at, lines]) => [at ?? "", lines.join(lineEnd) + lineEnd])),
      );
      expect(leftOutByUs(settings, flags)).toEqual(ignoredByGit(settings, flags));
    }),
    { numRuns: 120 },
  );
});
