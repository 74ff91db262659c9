import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import JSON5 from "json5";
import { errno, messageOf } from "../errors.ts";
import { expandTilde } from "./user-paths.ts";

export type Tree = Record<string, unknown>;

export interface Problem {
  /** A path on disk, or the place in the configuration. */
  path: string;
  /** One sentence; never a value from the configuration, which may be a secret. */
  message: string;
}

export interface ConfigTree {
  /** The merged configuration; undefined when the main file cannot be read or parsed. */
  tree: Tree | undefined;
  /** The main file's text, for a search when it cannot be parsed. */
  text: string | undefined;
  /** The main file and every file it includes, absolute, those that exist. */
  files: string[];
  problems: Problem[];
}

/** OpenClaw's own limit (docs/gateway/config-secrets-env.md of its package). */
const MAX_INCLUDE_DEPTH = 10;
/** Ten times what OpenClaw accepts. Beyond, it is no configuration. */
const MAX_BYTES = 20 * 1024 * 1024;
/** A file that includes another ten times, ten levels deep, would never end. */
const MAX_INCLUDES = 1000;
/** Deeper than any configuration, shallow enough for the stack. */
const MAX_NESTING = 200;

/**
 * Reads a configuration and what it includes; whatever is wrong with it becomes a problem.
 *
 * @param at where the bytes of a path are, when they are not at home; undefined: there are none
 */
export async function readConfigTree(
  path: string,
  home: string,
  at: (path: string) => string | undefined | Promise<string | undefined> = (each) => each,
): Promise<ConfigTree> {
  const reader: Reader = { home, at, includes: 0, files: [], problems: [] };
  const text = await readText(path, reader);
  const parsed = text === undefined ? undefined : parse(text, path, reader);
  const tree = parsed === undefined ? undefined : await include(parsed, [path], reader, 0);
  return {
    tree: isTree(tree) ? tree : undefined,
    text,
    files: reader.files,
    problems: reader.problems,
  };
}

const NO_FILE = "Unresolved reference: there is no such file.";

interface Reader {
  home: string;
  at: (path: string) => string | undefined | Promise<string | undefined>;
  includes: number;
  files: string[];
  problems: Problem[];
}

async function readText(path: string, reader: Reader): Promise<string | undefined> {
  try {
    const place = await reader.at(path);
    if (place === undefined) {
      reader.problems.push({ path, message: NO_FILE });
      return undefined;
    }
    const info = await stat(place);
    if (!reader.files.includes(path)) reader.files.push(path);
    if (!info.isFile() || info.size > MAX_BYTES) {
      reader.problems.push({ path, message: "It is not a configuration file." });
      return undefined;
    }
    return await readFile(place, "utf8");
  } catch (error) {
    const code = errno(error);
    const message =
      code === "ENOENT" || code === "ENOTDIR"
        ? NO_FILE
        : `It cannot be read (${code ?? messageOf(error)}).`;
    reader.problems.push({ path, message });
    return undefined;
  }
}

function parse(text: string, path: string, reader: Reader): Tree | undefined {
  try {
    const value: unknown = JSON5.parse(text.replace(/^\uFEFF/, ""));
    if (isTree(value)) return value;
    reader.problems.push({ path, message: "It is malformed: it holds no object." });
  } catch (error) {
    // The parser's message quotes a character of the file; its position is enough.
    const at = /at (\d+:\d+)$/.exec(messageOf(error))?.[1];
    reader.problems.push({ path, message: `It is malformed JSON5${at ? ` at ${at}` : ""}.` });
  }
  return undefined;
}

/** Resolves every `$include` below a value; the keys beside it overrule what it brings. */
async function include(
  value: unknown,
  chain: readonly string[],
  reader: Reader,
  nesting: number,
): Promise<unknown> {
  if (nesting > MAX_NESTING) return undefined;
  if (Array.isArray(value)) {
    return Promise.all(value.map((item) => include(item, chain, reader, nesting + 1)));
  }
  if (!isTree(value)) return value;
  let merged: Tree = {};
  for (const target of [value["$include"]].flat()) {
    if (typeof target !== "string") continue;
    const included = await includeFile(target, chain, reader, nesting);
    if (included !== undefined) merged = merge(merged, included);
  }
  const own: Tree = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === "$include" || key === "__proto__") continue;
    own[key] = await include(item, chain, reader, nesting + 1);
  }
  return merge(merged, own);
}

async function includeFile(
  target: string,
  chain: readonly string[],
  reader: Reader,
  nesting: number,
): Promise<Tree | undefined> {
  const path = resolve(dirname(chain.at(-1) ?? "/"), expandTilde(target, reader.home));
  if (chain.includes(path)) {
    reader.problems.push({ path, message: "Unresolved reference: it includes itself." });
    return undefined;
  }
  reader.includes += 1;
  if (chain.length > MAX_INCLUDE_DEPTH || reader.includes > MAX_INCLUDES) {
    reader.problems.push({ path, message: "Unresolved reference: too many or too deep includes." });
    return undefined;
  }
  const text = await readText(path, reader);
  const parsed = text === undefined ? undefined : parse(text, path, reader);
  const tree = await include(parsed, [...chain, path], reader, nesting + 1);
  return isTree(tree) ? tree : undefined;
}

function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (isTree(before) && isTree(value)) merged[key] = merge(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) merged[key] = [...before, ...value];
    else merged[key] = value;
  }
  return merged;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The tree at a key, or an empty one. */
export function treeAt(value: unknown, ...keys: string[]): Tree {
  let current = value;
  for (const key of keys) current = isTree(current) ? current[key] : undefined;
  return isTree(current) ? current : {};
}
