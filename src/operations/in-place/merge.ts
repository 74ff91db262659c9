import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { errno } from "../../errors.ts";
import { isMountPoint, mountsBelow } from "../../transaction/mounts.ts";
import { isDatabaseFile } from "../database-header.ts";
import { addChange, type Changes } from "./changes.ts";
import type { Place } from "./destination.ts";
import { databaseOf, type LiveScope } from "./live-scope.ts";
import type { SnapshotEntry } from "./snapshot-tree.ts";

/** A tree or file that is to be replaced by another, or taken away. */
export interface Swap {
  place: Place;
  /** Below the place, as latin1; empty: the place itself. */
  relative: string;
  /** The snapshot has something to put there. */
  isInSnapshot: boolean;
  /** What comes along from the old tree: relative to this swap, as latin1. */
  carry: string[];
}

export interface MergeOptions {
  place: Place;
  /** What the snapshot has there. */
  entry: SnapshotEntry;
  scope: LiveScope;
  /** What stays as it is live, whatever the snapshot has: absolute, as here, as latin1. */
  keptLive: ReadonlySet<string>;
  changes: Changes;
  /** Told of what will be kept for an undo: bytes of one file. */
  onReplaced: (bytes: number) => void;
  /** Told of a directory of the snapshot that is a mount here: it is a place of its own. */
  onMount: (relative: string, entry: SnapshotEntry) => void;
  warn: (message: string) => void;
}

/** What is to happen to an entry and all below it. */
interface Outcome {
  /** Something below is not to be touched: no directory above can be replaced as a whole. */
  stays: boolean;
  /** Something is put there or taken away. */
  touched: boolean;
  /** What comes along if this is replaced as a whole: relative to it; "" is the entry itself. */
  carry: string[];
  /** If it is not replaced as a whole: what is, below it. */
  swaps: Swap[];
}

/** Where an entry is. */
interface Around {
  siblings: ReadonlySet<string>;
  /** Of a database's log: what happens to the database. */
  mainFate: Outcome | undefined;
  isInLater: boolean;
}

/** The smallest number of swaps that makes a place what the snapshot has, as far as that is wanted. */
export function mergePlace(options: MergeOptions): Swap[] {
  return new Merge(options).swaps();
}

class Merge {
  readonly #options: MergeOptions;
  readonly #mounts: ReadonlySet<string>;

  constructor(options: MergeOptions) {
    this.#options = options;
    this.#mounts = new Set(mountsBelow(latin1(options.place.live)));
  }

  swaps(): Swap[] {
    const { entry } = this.#options;
    const live = this.#look("");
    if (live !== undefined && !live.isDirectory() && isMountPoint(this.#raw(""))) {
      return this.#mount("", live).swaps;
    }
    const siblings = new Set<string>();
    const outcome = this.#entry("", entry, live, {
      siblings,
      mainFate: undefined,
      isInLater: false,
    });
    if (outcome.stays) return outcome.swaps;
    const isThereAlready = live !== undefined && !live.isDirectory() && sameFile(entry, live);
    return outcome.touched && !isThereAlready ? [this.#swapOf("", true, outcome.carry)] : [];
  }

  #entry(
    relative: string,
    snapshot: SnapshotEntry | undefined,
    live: BigIntStats | undefined,
    around: Around,
  ): Outcome {
    if (this.#options.keptLive.has(this.#raw(relative)) && live !== undefined) {
      this.#count("kept", relative, live);
      return { stays: false, touched: false, carry: [""], swaps: [] };
    }
    const isMount = relative !== "" && this.#mounts.has(relative);
    if (live === undefined) return this.#added(relative, snapshot as SnapshotEntry);
    const { place } = this.#options;
    const isDirectory = live.isDirectory();
    const entry = {
      place,
      relative,
      isDirectory,
      siblings: around.siblings,
      isInLater: around.isInLater,
    };
    const isExcluded =
      snapshot === undefined || isDirectory ? this.#options.scope.isExcluded(entry) : false;
    if (snapshot === undefined) {
      if (around.mainFate !== undefined) return { ...around.mainFate, swaps: [] };
      const fate = this.#options.scope.fateOf(entry, isExcluded);
      if (isMount) return this.#mount(relative, live);
      if (fate === "drop") return NOTHING;
      if (fate === "carry") {
        this.#count("kept", relative, live);
        return { ...NOTHING, carry: [""] };
      }
      if (fate === "stay") return { ...NOTHING, stays: true };
      if (!isDirectory) return this.#removed(relative, live);
      return this.#directory(relative, undefined);
    }
    if (snapshot.children !== undefined && isDirectory) {
      if (!isMount) return this.#directory(relative, snapshot);
      this.#options.onMount(relative, snapshot);
      return { ...NOTHING, stays: true };
    }
    if (isMount) return this.#mount(relative, live);
    return this.#replaced(relative, snapshot, live);
  }

  /** A directory that is there, and may be in the snapshot. */
  #directory(relative: string, snapshot: SnapshotEntry | undefined): Outcome {
    const names = this.#names(relative);
    const siblings = new Set(names);
    const outcome: Outcome = { stays: false, touched: false, carry: [], swaps: [] };
    const fates = new Map<string, Outcome>();
    const children = snapshot?.children ?? new Map<string, SnapshotEntry>();
    let carriedWhole = names.length > 0;
    for (const name of new Set([...names, ...children.keys()].sort())) {
      const path = relative === "" ? name : `${relative}/${name}`;
      const main = databaseOf(name);
      const mainFate =
        main !== undefined && this.#isDatabase(relative, main) ? fates.get(main) : undefined;
      const child = children.get(name);
      const found = this.#entry(path, child, this.#look(path), {
        siblings,
        mainFate,
        isInLater: snapshot === undefined,
      });
      fates.set(name, found);
      carriedWhole &&= found.carry[0] === "";
      outcome.stays ||= found.stays;
      outcome.touched ||= found.touched;
      outcome.carry.push(...found.carry.map((each) => (each === "" ? name : `${name}/${each}`)));
      outcome.swaps.push(
        ...(found.stays
          ? found.swaps
          : found.touched
            ? [this.#swapOf(path, child !== undefined, found.carry)]
            : []),
      );
    }
    if (snapshot === undefined) {
      if (carriedWhole && !outcome.stays) return { ...NOTHING, carry: [""] };
      // It goes, once nothing in it stays.
      const goes = this.#options.scope.isWhole(this.#options.place, relative);
      return goes && !outcome.stays ? { ...outcome, touched: true } : outcome;
    }
    return { ...outcome, touched: outcome.touched || (snapshot.taken && !outcome.stays) };
  }

  #added(relative: string, snapshot: SnapshotEntry): Outcome {
    if (snapshot.children === undefined) {
      if (!snapshot.taken) return NOTHING;
      addChange(this.#options.changes.added, this.#shown(relative), snapshot.size);
      return { ...NOTHING, touched: true };
    }
    let touched = snapshot.taken;
    for (const [name, child] of snapshot.children) {
      const path = relative === "" ? name : `${relative}/${name}`;
      touched = this.#added(path, child).touched || touched;
    }
    return { ...NOTHING, touched };
  }

  #replaced(relative: string, snapshot: SnapshotEntry, live: BigIntStats): Outcome {
    if (!snapshot.taken && snapshot.children === undefined) return { ...NOTHING, stays: true };
    if (snapshot.children !== undefined) {
      // A file stands where a directory was.
      this.#count("removed", relative, live);
      const { touched } = this.#added(relative, snapshot);
      return { ...NOTHING, stays: !touched, touched };
    }
    const list = this.#options.changes[sameFile(snapshot, live) ? "unchanged" : "replaced"];
    this.#options.onReplaced(live.isFile() ? Number(live.size) : 0);
    addChange(list, this.#shown(relative), snapshot.size);
    return { ...NOTHING, touched: true };
  }

  #removed(relative: string, live: BigIntStats): Outcome {
    this.#options.onReplaced(live.isFile() ? Number(live.size) : 0);
    this.#count("removed", relative, live);
    return { ...NOTHING, touched: true };
  }

  #mount(relative: string, live: BigIntStats): Outcome {
    this.#count("kept", relative, live);
    this.#options.warn(`${this.#shown(relative)} is a mount of its own: it stays as it is`);
    return { ...NOTHING, stays: true };
  }

  #count(kind: keyof Changes, relative: string, live: BigIntStats): void {
    const bytes = live.isFile() ? Number(live.size) : 0;
    addChange(this.#options.changes[kind], this.#shown(relative), bytes);
  }

  #swapOf(relative: string, isInSnapshot: boolean, carry: string[]): Swap {
    return { place: this.#options.place, relative, isInSnapshot, carry };
  }

  /** One that is not there any more counts: its log is left. */
  #isDatabase(relative: string, name: string): boolean {
    const path = relative === "" ? name : `${relative}/${name}`;
    return this.#look(path) === undefined || isDatabaseFile(this.#bytes(path));
  }

  #look(relative: string): BigIntStats | undefined {
    try {
      return lstatSync(this.#bytes(relative), { bigint: true });
    } catch (error) {
      if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR") return undefined;
      throw error;
    }
  }

  #names(relative: string): string[] {
    const names = readdirSync(this.#bytes(relative), { encoding: "buffer" });
    return names.map((name) => name.toString("latin1")).filter((name) => !isOurs(name));
  }

  #raw(relative: string): string {
    const live = latin1(this.#options.place.live);
    return relative === "" ? live : `${live}/${relative}`;
  }

  #bytes(relative: string): Buffer {
    return Buffer.from(this.#raw(relative), "latin1");
  }

  #shown(relative: string): string {
    return this.#bytes(relative).toString();
  }
}

const NOTHING: Outcome = { stays: false, touched: false, carry: [], swaps: [] };

/** What a restore makes while it works; no part of the instance. */
const OURS = /^\.clawback-(?:restore-|trial-|beside$)/;

function isOurs(name: string): boolean {
  return OURS.test(name);
}

/** As far as size and time tell; a restore sets times to the microsecond. */
function sameFile({ type, size, mtime }: SnapshotEntry, live: BigIntStats): boolean {
  if (mtime !== live.mtimeNs / 1000n) return false;
  if (type === "symlink") return live.isSymbolicLink();
  return type === "file" && live.isFile() && Number(live.size) === size;
}

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}
