import { SIDECAR_SUFFIXES } from "../../capture/database.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import type { PartSelector } from "../component-selector.ts";
import { Exclusions } from "../exclusions.ts";
import type { Excludes } from "../given-patterns.ts";
import type { Manifest } from "../manifest.ts";
import { classifyAt, type KnownRoot } from "../root-index.ts";
import { isWanted, type Wanted } from "../selection.ts";
import { checkComponents } from "../component-selector.ts";
import type { Place } from "./destination.ts";

/**
 * What becomes of something that is there and not in the snapshot. `go`: it came later, and is
 * taken away. `carry`: no snapshot of that kind would have had it, so it comes along into the new
 * tree. `stay`: this restore is not about it. `drop`: a lock of processes that are gone.
 */
export type LiveFate = "go" | "carry" | "stay" | "drop";

export interface LiveEntry {
  place: Place;
  /** Below the place, as latin1; empty for the place itself. */
  relative: string;
  isDirectory: boolean;
  /** The names in the same directory, as latin1. */
  siblings: ReadonlySet<string>;
  /** The directory that it is in is not in the snapshot either. */
  isInLater: boolean;
}

export interface LiveScopeOptions {
  manifest: Manifest;
  select: PartSelector["select"];
  /** What was excluded by patterns then, and is now. */
  excludes: { earlier: Excludes; today: Excludes };
  /** Where the snapshot's own ignore files are, by their places at home. */
  ignoreFilesAt: (path: string) => string;
}

/** In `tmp/openclaw-<uid>/`: the gateway's own, and those of what it does alone. */
const LOCK_IN_TMP = /^tmp\/openclaw-[^/]+\/[^/]+\.lock(\.sqlite(-wal|-shm|-journal)?)?$/;
/** Holds such locks beside what may stay. */
const TMP = /^tmp(\/openclaw-[^/]+)?$/;

/** Judges what is there and not in the snapshot. Meant for a walk from the top, as `Exclusions` is. */
export class LiveScope {
  readonly #select: PartSelector["select"];
  readonly #taken: Wanted;
  /** Paths that the snapshot says it does not have, by their places then. */
  readonly #missing: Set<string>;
  readonly #judges = new Map<KnownRoot, Judge[]>();

  /** @param places the roots; mounts in them are judged as what they are in their root */
  constructor(
    places: readonly Place[],
    { manifest, select, excludes, ignoreFilesAt }: LiveScopeOptions,
  ) {
    this.#select = select;
    this.#taken = {
      components: manifest.scope === "all" ? [] : checkComponents(manifest.scope),
      agents: manifest.agents ?? [],
    };
    this.#missing = new Set([
      ...manifest.excluded.map(({ path }) => path),
      ...manifest.errors.map(({ path }) => path),
      ...manifest.vanished,
    ]);
    const now = places.map(({ root, live }) => ({ ...root, path: live, realPath: live }));
    const then = places.map(({ root, from }) => ({ ...root, realPath: ignoreFilesAt(from) }));
    const exclusions = {
      earlier: new Exclusions(then, excludes.earlier),
      today: new Exclusions(now, excludes.today),
    };
    for (const [i, { root }] of places.entries()) {
      this.#judges.set(root, [
        { exclusions: exclusions.earlier, root: then[i] as KnownRoot },
        { exclusions: exclusions.today, root: now[i] as KnownRoot },
      ]);
    }
  }

  /** Whether patterns exclude it. To be asked of every directory, before what is in it. */
  isExcluded(entry: LiveEntry): boolean {
    const { place, isDirectory } = entry;
    // Rules are judged on their own: here only patterns count.
    const found = { ...this.#classify(entry), leaveOut: undefined };
    const path = inRoot(entry);
    // Each is asked: they remember the directories that they were asked about.
    const verdicts = (this.#judges.get(place.root) ?? []).map(({ exclusions, root }) =>
      exclusions.judge({ root, path, isDirectory, found }),
    );
    return verdicts.some((reason) => reason !== undefined);
  }

  /** @param isExcluded what {@link isExcluded} says of it */
  fateOf(entry: LiveEntry, isExcluded: boolean): LiveFate {
    const { place, isDirectory } = entry;
    const text = utf8(inRoot(entry));
    const found = this.#classify(entry);
    if (!isDirectory && LOCK_IN_TMP.test(text)) return "drop";
    const isTmp = place.root.kind === "state" && TMP.test(text);
    if (found.leaveOut !== undefined && found.machineBound) return "drop";
    const at = text === "" ? place.root.realPath : `${place.root.realPath}/${text}`;
    if (isExcluded || this.#missing.has(at)) return "carry";
    const located = { root: place.root, relative: text };
    if (!isWanted(this.#taken, located, found, isDirectory)) return "carry";
    if (found.leaveOut !== undefined && !isTmp) {
      // What is installed for something that goes is of no use without it.
      return entry.isInLater && !isBelowTmp(text) ? "drop" : "carry";
    }
    const node = { type: isDirectory ? "dir" : "file" } as TreeNode;
    return this.#select(Buffer.from(at), node) === "skip" ? "stay" : "go";
  }

  /** Whether a directory's own absence was wanted, as against only of something in it. */
  isWhole(place: Place, relative: string): boolean {
    const at = `${place.from}/${utf8(relative)}`;
    return this.#select(Buffer.from(at), { type: "dir" } as TreeNode) === "take";
  }

  #classify(entry: LiveEntry) {
    const { place, isDirectory, siblings } = entry;
    const hasSibling = (name: string) => siblings.has(Buffer.from(name).toString("latin1"));
    const located = { root: place.root, relative: utf8(inRoot(entry)) };
    return classifyAt(located, isDirectory, hasSibling);
  }
}

function isBelowTmp(path: string): boolean {
  return path.startsWith("tmp/");
}

interface Judge {
  exclusions: Exclusions;
  root: KnownRoot;
}

/** The database that this is a log, a journal or the shared memory of. */
export function databaseOf(name: string): string | undefined {
  const suffix = SIDECAR_SUFFIXES.find((each) => name.endsWith(each));
  return suffix === undefined ? undefined : name.slice(0, -suffix.length);
}

function inRoot({ place, relative }: LiveEntry): string {
  return [place.within, relative].filter((part) => part !== "").join("/");
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString();
}
