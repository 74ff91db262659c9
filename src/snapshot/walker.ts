import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { errno, messageOf } from "../errors.ts";

/** Something the walk came upon. */
export interface WalkEntry {
  /** Absolute, raw bytes. */
  path: Buffer;
  /** The last part of the path. */
  name: Buffer;
  stat: BigIntStats;
  /** A directory whose other entries are not ours: it leads to a root. */
  ancestor: boolean;
  linktarget?: Buffer;
}

/** What the selector sees of an entry. */
export interface Candidate {
  path: Buffer;
  name: Buffer;
  stat: BigIntStats;
  /** The names beside it in its directory, itself included; as latin1, which maps any bytes one to one. */
  siblings: ReadonlySet<string>;
}

/** What a selector says of something that this walk is not about: passed over, not left out. */
export const OUT_OF_SCOPE = Symbol("out of scope");

/** Undefined: take it. A sentence: leave it out, for this reason. */
export type Selector = (candidate: Candidate) => string | typeof OUT_OF_SCOPE | undefined;

export interface WalkOptions {
  /** Look into what is left out, to say how much it is. */
  measure: boolean;
}

/** Something left out: a file, or a directory with all that is in it. */
export interface LeftOut {
  path: Buffer;
  reason: string;
  files: number;
  bytes: number;
}

/** A path that could not be looked at. */
export interface WalkFailure {
  path: Buffer;
  code: string | undefined;
  message: string;
}

/** Depth first, names ascending by their bytes; everything between `enter` and its `leave` lies within. */
export type WalkStep =
  | { kind: "enter"; entry: WalkEntry; siblings: ReadonlySet<string> }
  | { kind: "leave"; entry: WalkEntry }
  | { kind: "entry"; entry: WalkEntry; siblings: ReadonlySet<string> }
  | { kind: "left-out"; leftOut: LeftOut }
  | { kind: "vanished"; path: Buffer }
  | { kind: "failed"; failure: WalkFailure };

const SLASH = Buffer.from("/");

/** The roots' paths as a tree: `/home/a` and `/home/b` share `/home`. */
interface RootTree {
  children: Map<string, RootTree>;
  isRoot: boolean;
}

/**
 * Walks the roots and the directories that lead to them. Synchronous, since asking the thread pool
 * for every `lstat` takes five times as long; whoever iterates gives way to the event loop now and
 * then. A link is never followed: it is an entry of its own.
 *
 * @param roots absolute, normalised paths; a root within another is simply part of it
 */
export function* walk(
  roots: readonly Buffer[],
  select: Selector,
  options: WalkOptions,
): Generator<WalkStep> {
  yield* walkAncestor(Buffer.alloc(0), rootTree(roots), select, options);
}

function rootTree(roots: readonly Buffer[]): RootTree {
  const top: RootTree = { children: new Map(), isRoot: false };
  for (const root of roots) {
    let at = top;
    for (const part of root.toString("latin1").split("/").filter(Boolean)) {
      let child = at.children.get(part);
      if (child === undefined)
        at.children.set(part, (child = { children: new Map(), isRoot: false }));
      at = child;
    }
    at.isRoot = true;
  }
  return top;
}

/** @param dir without a trailing slash; empty for `/` */
function* walkAncestor(
  dir: Buffer,
  tree: RootTree,
  select: Selector,
  options: WalkOptions,
): Generator<WalkStep> {
  const names = [...tree.children.keys()].map((name) => Buffer.from(name, "latin1"));
  const siblings = new Set(tree.children.keys());
  for (const name of names.sort(Buffer.compare)) {
    const path = join(dir, name);
    const child = tree.children.get(name.toString("latin1")) as RootTree;
    const stat = yield* look(path);
    if (stat === undefined) continue;
    const entry = { path, name, stat, ancestor: !child.isRoot };
    if (!stat.isDirectory() && child.children.size > 0) {
      const message = "it is no directory, and leads to something that is to be taken";
      yield { kind: "failed", failure: { path, code: "ENOTDIR", message } };
    }
    if (child.isRoot && stat.isDirectory()) {
      yield { kind: "enter", entry, siblings };
      yield* walkDirectory(path, select, options);
      yield { kind: "leave", entry };
    } else if (stat.isDirectory()) {
      yield { kind: "enter", entry, siblings };
      yield* walkAncestor(path, child, select, options);
      yield { kind: "leave", entry };
    } else if (child.isRoot) {
      const reason = specialReason(stat);
      const found = reason === undefined ? yield* describe(entry) : undefined;
      if (reason !== undefined)
        yield { kind: "left-out", leftOut: { path, reason, files: 1, bytes: 0 } };
      if (found !== undefined) yield { kind: "entry", entry: found, siblings };
    }
  }
}

interface Level {
  entry: WalkEntry | undefined;
  dir: Buffer;
  names: Buffer[];
  siblings: ReadonlySet<string>;
  at: number;
}

/** All below a directory. A stack of our own: generators within generators are slow two hundred levels deep. */
function* walkDirectory(root: Buffer, select: Selector, options: WalkOptions): Generator<WalkStep> {
  const stack: Level[] = [];
  const first = list(root);
  if ("failure" in first) yield first.failure;
  else stack.push({ entry: undefined, dir: root, ...first, at: 0 });
  while (stack.length > 0) {
    const level = stack.at(-1) as Level;
    const name = level.names[level.at++];
    if (name === undefined) {
      stack.pop();
      if (level.entry !== undefined) yield { kind: "leave", entry: level.entry };
      continue;
    }
    const path = join(level.dir, name);
    const stat = yield* look(path);
    if (stat === undefined) continue;
    const { siblings } = level;
    const reason = select({ path, name, stat, siblings }) ?? specialReason(stat);
    if (reason === OUT_OF_SCOPE) continue;
    if (reason !== undefined) {
      const size = options.measure ? measure(path, stat) : { files: 0, bytes: 0 };
      yield { kind: "left-out", leftOut: { path, reason, ...size } };
      continue;
    }
    const entry = { path, name, stat, ancestor: false };
    if (!stat.isDirectory()) {
      const found = yield* describe(entry);
      if (found !== undefined) yield { kind: "entry", entry: found, siblings };
      continue;
    }
    yield { kind: "enter", entry, siblings };
    const inside = list(path);
    if ("failure" in inside) {
      yield inside.failure;
      yield { kind: "leave", entry };
    } else {
      stack.push({ entry, dir: path, ...inside, at: 0 });
    }
  }
}

function list(
  path: Buffer,
): { names: Buffer[]; siblings: ReadonlySet<string> } | { failure: WalkStep } {
  try {
    const names = readdirSync(path, { encoding: "buffer" }).sort(Buffer.compare);
    return { names, siblings: new Set(names.map((name) => name.toString("latin1"))) };
  } catch (error) {
    return { failure: failureStep(path, error) };
  }
}

function* look(path: Buffer): Generator<WalkStep, BigIntStats | undefined> {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    yield failureStep(path, error);
    return undefined;
  }
}

/** Adds where a link points. */
function* describe(entry: WalkEntry): Generator<WalkStep, WalkEntry | undefined> {
  if (!entry.stat.isSymbolicLink()) return entry;
  try {
    return { ...entry, linktarget: readlinkSync(entry.path, { encoding: "buffer" }) };
  } catch (error) {
    yield failureStep(entry.path, error);
    return undefined;
  }
}

function failureStep(path: Buffer, error: unknown): WalkStep {
  const code = errno(error);
  if (code === "ENOENT") return { kind: "vanished", path };
  return { kind: "failed", failure: { path, code, message: messageOf(error) } };
}

/** What is no file, directory or link lives only as long as its process. */
function specialReason(stat: BigIntStats): string | undefined {
  if (stat.isSocket()) return "socket of a running program";
  if (stat.isFIFO()) return "named pipe of a running program";
  if (stat.isBlockDevice() || stat.isCharacterDevice()) return "device node";
  return undefined;
}

/** How much is left out with it: what cannot be looked at counts for nothing here. */
function measure(path: Buffer, stat: BigIntStats): { files: number; bytes: number } {
  if (!stat.isDirectory()) return { files: 1, bytes: Number(stat.size) };
  const sum = { files: 0, bytes: 0 };
  const open = [path];
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    const inside = list(dir);
    if ("failure" in inside) continue;
    for (const name of inside.names) {
      const child = join(dir, name);
      let found: BigIntStats;
      try {
        found = lstatSync(child, { bigint: true });
      } catch {
        continue;
      }
      if (found.isDirectory()) {
        open.push(child);
      } else {
        sum.files++;
        sum.bytes += found.isFile() ? Number(found.size) : 0;
      }
    }
  }
  return sum;
}

function join(dir: Buffer, name: Buffer): Buffer {
  return Buffer.concat([dir, SLASH, name]);
}
