import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { count } from "./verdict.ts";
import type { Part, Verdict } from "./verdict.ts";

/** Files, and all files below directories, that must come back byte for byte as they are now. */
export function filesPart(name: string, paths: string[]): Part {
  const wanted = new Map(paths.flatMap(filesBelow).map((path) => [path, hashOf(path)]));
  if (wanted.size === 0) throw new Error(`${name}: there is nothing in ${paths.join(", ")}`);
  return {
    name,
    judge(root) {
      const kept = [...wanted].filter(([path, hash]) => copied(root, path, hashOf) === hash);
      return count(kept.length, wanted.size, "files");
    },
  };
}

/**
 * A directory of JSON files that all carry the same `generation` at any moment they may be used.
 * They may be renewed while they are looked at.
 */
export function generationPart(name: string, directory: string): Part {
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  return { name, judge: (root) => judgeGenerations(root, directory, files) };
}

function judgeGenerations(root: string, directory: string, files: string[]): Verdict {
  const found = files.map((name) => copied(root, join(directory, name), generationOf));
  const there = found.filter((generation) => generation !== undefined);
  if (there.length < files.length) return count(there.length, files.length, "files");
  const generations = new Set(there);
  if (generations.size === 1) return { whole: true, found: "of one moment" };
  return { whole: false, found: `of ${generations.size} moments` };
}

function generationOf(path: string): unknown {
  const { generation } = JSON.parse(readFileSync(path, "utf8")) as { generation?: unknown };
  return generation;
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Reads the copy of a file; undefined when it is missing, no plain file, unreadable or damaged. */
function copied<T>(root: string, path: string, read: (copy: string) => T): T | undefined {
  try {
    const copy = join(root, path);
    const reallyIn = join(realpathSync(root), dirname(path));
    if (!lstatSync(copy).isFile() || realpathSync(dirname(copy)) !== reallyIn) return undefined;
    return read(copy);
  } catch {
    return undefined;
  }
}

function filesBelow(path: string): string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((file) => lstatSync(file).isFile());
}
