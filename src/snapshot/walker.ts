import type { BigIntStats } from "node:fs";
import type { FrozenDirectory, FrozenEntry } from "./frozen.ts";
import {
  join,
  listFrozen,
  type Listing,
  listLive,
  type LookFailure,
  statOf,
  targetOf,
} from "./listing.ts";

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
  /** The copy to read instead of the file itself, which may have changed or gone. */
  content?: string;
}

/** What the selector sees of an entry: of the roots, and of all that is below them. */
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
  /**
   * Directories below which the walk sees what was there when they were frozen, by their paths as
   * latin1. The directory itself must still be there.
   */
  frozen?: ReadonlyMap<string, FrozenDirectory>;
  /** Single files to see as they were when they were pinned, by their paths as latin1. */
  pinned?: ReadonlyMap<string, FrozenEntry>;
}

/** Something left out: a file, or a directory with all that is in it. */
export interface LeftOut {
  path: Buffer;
  reason: string;
  files: number;
  bytes: number;
}

/** Depth first, names ascending by their bytes; everything between `enter` and its `leave` lies within. */
export type WalkStep =
  | { kind: "enter"; entry: WalkEntry; siblings: ReadonlySet<string> }
  | { kind: "leave"; entry: WalkEntry }
  | { kind: "entry"; entry: WalkEntry; siblings: ReadonlySet<string> }
  | { kind: "left-out"; leftOut: LeftOut }
  | LookFailure;

const NOTHING = { files: 0, bytes: 0 };

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
    const pinned = pinnedAt(path, options);
    const stat = statOf(path, pinned);
    if ("kind" in stat) {
      yield stat;
      continue;
    }
    const entry = { path, name, stat, ancestor: !child.isRoot };
    if (!stat.isDirectory() && child.children.size > 0) {
      const message = "it is no directory, and leads to something that is to be taken";
      yield { kind: "failed", failure: { path, code: "ENOTDIR", message } };
    }
    const selected = child.isRoot ? select({ path, name, stat, siblings }) : undefined;
    const reason = selected ?? (child.isRoot ? specialReason(stat) : undefined);
    if (reason === OUT_OF_SCOPE) continue;
    if (reason !== undefined) {
      const size = options.measure ? measure(path, stat, undefined, options) : NOTHING;
      yield { kind: "left-out", leftOut: { path, reason, ...size } };
    } else if (stat.isDirectory()) {
      yield { kind: "enter", entry, siblings };
      if (child.isRoot) yield* walkDirectory(path, select, options);
      else yield* walkAncestor(path, child, select, options);
      yield { kind: "leave", entry };
    } else if (child.isRoot) {
      yield described(entry, siblings, pinned);
    }
  }
}

interface Level extends Listing {
  /** The directory; undefined for the root, whose own steps are not made here. */
  entry: WalkEntry | undefined;
  at: number;
}

/** All below a directory. A stack of our own: generators within generators are slow two hundred levels deep. */
function* walkDirectory(root: Buffer, select: Selector, options: WalkOptions): Generator<WalkStep> {
  const stack: Level[] = [];
  const first = list(root, undefined, options);
  if ("kind" in first) yield first;
  else stack.push({ ...first, entry: undefined, at: 0 });
  while (stack.length > 0) {
    const level = stack.at(-1) as Level;
    const name = level.names[level.at++];
    if (name === undefined) {
      stack.pop();
      if (level.entry !== undefined) yield { kind: "leave", entry: level.entry };
      continue;
    }
    const path = join(level.dir, name);
    const frozen = level.frozen?.get(name.toString("latin1")) ?? pinnedAt(path, options);
    const stat = statOf(path, frozen);
    if ("kind" in stat) {
      yield stat;
      continue;
    }
    const { siblings } = level;
    const reason = select({ path, name, stat, siblings }) ?? specialReason(stat);
    if (reason === OUT_OF_SCOPE) continue;
    if (reason !== undefined) {
      const size = options.measure ? measure(path, stat, frozen, options) : NOTHING;
      yield { kind: "left-out", leftOut: { path, reason, ...size } };
      continue;
    }
    const entry = { path, name, stat, ancestor: false };
    if (!stat.isDirectory()) {
      yield described(entry, siblings, frozen);
      continue;
    }
    yield { kind: "enter", entry, siblings };
    const inside = list(path, frozen, options);
    if ("kind" in inside) {
      yield inside;
      yield { kind: "leave", entry };
    } else {
      stack.push({ ...inside, entry, at: 0 });
    }
  }
}

function pinnedAt(path: Buffer, { pinned }: WalkOptions): FrozenEntry | undefined {
  return pinned === undefined || pinned.size === 0
    ? undefined
    : pinned.get(path.toString("latin1"));
}

/** A directory as it was frozen, by itself or within another, or as it is. */
function list(
  dir: Buffer,
  within: FrozenEntry | undefined,
  { frozen }: WalkOptions,
): Listing | LookFailure {
  const directory = within?.directory ?? frozen?.get(dir.toString("latin1"));
  return directory === undefined ? listLive(dir) : listFrozen(dir, directory);
}

/** The step of what is no directory: with where a link points, and where a file's copy lies. */
function described(
  entry: WalkEntry,
  siblings: ReadonlySet<string>,
  frozen?: FrozenEntry,
): WalkStep {
  if (entry.stat.isSymbolicLink()) {
    const linktarget = targetOf(entry.path, frozen);
    if ("kind" in linktarget) return linktarget;
    return { kind: "entry", entry: { ...entry, linktarget }, siblings };
  }
  const { content } = frozen ?? {};
  return {
    kind: "entry",
    entry: content === undefined ? entry : { ...entry, content },
    siblings,
  };
}

/** What is no file, directory or link lives only as long as its process. */
function specialReason(stat: BigIntStats): string | undefined {
  if (stat.isSocket()) return "socket of a running program";
  if (stat.isFIFO()) return "named pipe of a running program";
  if (stat.isBlockDevice() || stat.isCharacterDevice()) return "device node";
  return undefined;
}

/** How much is left out with it: what cannot be looked at counts for nothing here. */
function measure(
  path: Buffer,
  stat: BigIntStats,
  frozen: FrozenEntry | undefined,
  options: WalkOptions,
): { files: number; bytes: number } {
  if (!stat.isDirectory()) return { files: 1, bytes: stat.isFile() ? Number(stat.size) : 0 };
  const sum = { files: 0, bytes: 0 };
  const open = [{ path, frozen }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const inside = list(next.path, next.frozen, options);
    if ("kind" in inside) continue;
    for (const name of inside.names) {
      const child = {
        path: join(inside.dir, name),
        frozen: inside.frozen?.get(name.toString("latin1")),
      };
      const found = statOf(child.path, child.frozen);
      if ("kind" in found) continue;
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
