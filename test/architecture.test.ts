/**
 * The arrows and habits of the house, see docs/architecture.md. What is wrong is named file by
 * file, so that a red test says what to mend.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** From the top of the house down. A floor's rooms do not know each other. */
const FLOORS = [
  ["cli"],
  ["operations"],
  ["gateway", "sandbox"],
  ["openclaw", "capture"],
  ["config"],
  ["snapshot"],
  ["repository"],
  ["chunker", "crypto", "compression"],
  ["storage", "transaction"],
  ["fs"],
  ["leaves"],
];
const MAX_LINES = 500;
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.as|\.d|\.config)?\.(?:ts|mjs)$/;

interface SourceFile {
  /** From the project's root, as `src/cli/main.ts`. */
  path: string;
  text: string;
  lines: number;
}

function filesBelow(directory: string): SourceFile[] {
  const entries = readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:ts|mjs)$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, "utf8");
      return { path: relative(ROOT, path), text, lines: text.split("\n").length - 1 };
    });
}

const sources = filesBelow("src");
const everything = [...sources, ...["test", "bench", "scripts"].flatMap(filesBelow)];
const product = sources.filter(({ path }) => !/\.(?:test|as)\.ts$/.test(path));

/** The text without comments, which may speak of anything. */
function code(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/(?<=^|\s)\/\/.*$/gm, "");
}

/** The specifiers of everything that a file imports or exports from elsewhere, types included. */
function specifiers(text: string): string[] {
  const pattern = /\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g;
  return [...code(text).matchAll(pattern)].map((match) => match[1] as string);
}

/** The files of our own that a file imports. */
function imports({ path, text }: SourceFile): string[] {
  return specifiers(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => join(dirname(path), specifier));
}

function roomOf(path: string): string {
  const [, room = "", ...rest] = path.split("/");
  return rest.length === 0 ? "leaves" : room;
}

function floorOf(path: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

test("specifiers are found in every form", () => {
  const text = `
    import { a } from "./a.ts";
    import type { B } from "./b.ts";
    import {
      c,
    } from "./c.ts";
    export { d } from "./d.ts";
    import "./e.ts";
    const f = await import("./f.ts");
    // import { g } from "./g.ts";
  `;
  const found = specifiers(text);
  expect(found).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts"]);
});

test("every room has its floor", () => {
  const homeless = sources.filter(({ path }) => floorOf(path) < 0);
  expect(homeless.map(({ path }) => path)).toEqual([]);
});

test("imports go down", () => {
  const wrong = product.flatMap((file) =>
    imports(file)
      .filter((to) => {
        if (!to.startsWith("src/")) return true;
        return roomOf(to) !== roomOf(file.path) && floorOf(to) <= floorOf(file.path);
      })
      .map((to) => `${file.path} → ${to}`),
  );
  expect(wrong).toEqual([]);
});

test("no file imports itself by a detour", () => {
  const graph = new Map(product.map((file) => [file.path, imports(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    }
    if (done.has(path)) return;
    done.add(path);
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
  };
  for (const path of graph.keys()) visit(path, []);
  expect(cycles).toEqual([]);
});

test("exports have names", () => {
  const wrong = sources.filter(({ text }) =>
    /\bexport\s+default\b|\bas default\b/.test(code(text)),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("nothing is printed but by the terminal's room, and never by console", () => {
  const wrong = product.filter(({ path, text }) => {
    if (/\bconsole\./.test(code(text))) return true;
    return roomOf(path) !== "cli" && /\bprocess\.std(?:out|err)\b/.test(code(text));
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("each process ends in one place", () => {
  const ending = /\bprocess\.(?:exit|reallyExit|abort)\(/;
  const places = product.filter(({ text }) => ending.test(code(text))).map(({ path }) => path);
  // The program itself, and when their parent is gone the child processes that capture databases
  // and that keep a sandbox.
  const ends = ["src/capture/worker.ts", "src/cli/main.ts", "src/sandbox/box-worker.ts"];
  expect(places.sort()).toEqual(ends);
});

test("files are short and named in kebab-case", () => {
  const long = everything.filter(({ lines }) => lines > MAX_LINES);
  expect(long.map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([]);
  const misnamed = everything.filter(({ path }) => !NAME.test(basename(path)));
  expect(misnamed.map(({ path }) => path)).toEqual([]);
  const lengths = product.map(({ lines }) => lines).sort((a, b) => a - b);
  expect(lengths[lengths.length >> 1], "the median file's lines").toBeLessThan(90);
});
