import { type BigIntStats, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setIn } from "../openclaw/roots.ts";
import { allocatedBytes, type SourceSize } from "../snapshot/measure-source.ts";
import { ENTRIES_A_TURN, takeTurn } from "../snapshot/turns.ts";
import { type Selector, walk, type WalkEntry } from "../snapshot/walker.ts";
import { isDatabaseFile } from "./database-header.ts";
import type { RootIndex } from "./root-index.ts";

/** What a walk finds out about a source before any of it is taken. */
export interface Discovery {
  total: SourceSize;
  /** Databases that were recognised; each with all its names (hard links) that were come upon. */
  databases: Buffer[][];
  /** Directories whose files belong together, and what they are. */
  sets: { path: Buffer; what: string }[];
  /** Links to something that exists and lies in no root; `target` is where they lead in the end. */
  links: { path: string; target: string }[];
  /** Links to something that is taken, by way of other links. */
  detours: string[];
}

/**
 * Walks a source as a backup will. Opens only files that may be databases; a database that looks
 * like none here is still recognised by its header when it is read.
 *
 * @throws E_INTERRUPTED
 */
export async function discover(
  paths: readonly Buffer[],
  roots: RootIndex,
  select: Selector,
  signal: AbortSignal,
): Promise<Discovery> {
  const scout = new Scout(roots);
  let entries = 0;
  for (const step of walk(paths, select, { measure: false })) {
    if (step.kind === "enter") scout.directory(step.entry);
    if (step.kind === "entry") scout.entry(step.entry, step.siblings);
    if (++entries % ENTRIES_A_TURN === 0) await takeTurn(signal);
  }
  return scout.result();
}

class Scout {
  readonly #roots: RootIndex;
  readonly #total = { files: 0, bytes: 0, allocated: 0 };
  readonly #databases = new Map<string, Buffer[]>();
  readonly #sets: Discovery["sets"] = [];
  readonly #links: Discovery["links"] = [];
  readonly #detours: string[] = [];

  constructor(roots: RootIndex) {
    this.#roots = roots;
  }

  directory({ path, ancestor }: WalkEntry): void {
    const located = ancestor ? undefined : this.#roots.locate(path.toString());
    const what = located && setIn(located.root, located.relative);
    if (what !== undefined) this.#sets.push({ path, what });
  }

  entry(entry: WalkEntry, siblings: ReadonlySet<string>): void {
    const { path, name, stat } = entry;
    if (stat.isSymbolicLink()) return this.#link(entry);
    this.#total.files++;
    this.#total.bytes += Number(stat.size);
    this.#total.allocated += allocatedBytes(stat);
    if (!mayBeDatabase(stat, name, siblings) || !isDatabaseFile(path)) return;
    const key = `${stat.dev}:${stat.ino}`;
    const names = this.#databases.get(key);
    if (names === undefined) this.#databases.set(key, [path]);
    else names.push(path);
  }

  #link({ path, linktarget = Buffer.alloc(0) }: WalkEntry): void {
    const target = endOf(path);
    if (target === undefined) return;
    const link = path.toString();
    if (this.#roots.locate(target) === undefined) this.#links.push({ path: link, target });
    else if (resolve(dirname(link), linktarget.toString()) !== target) this.#detours.push(link);
  }

  result(): Discovery {
    return {
      total: this.#total,
      databases: [...this.#databases.values()],
      sets: this.#sets,
      links: this.#links,
      detours: this.#detours,
    };
  }
}

/**
 * A whole number of pages, of 512 bytes or more; while it grows, it has a log or journal beside it,
 * or beside another of its names.
 */
function mayBeDatabase(stat: BigIntStats, name: Buffer, siblings: ReadonlySet<string>): boolean {
  if (stat.size === 0n) return false;
  if (stat.size % 512n === 0n || stat.nlink > 1n) return true;
  const text = name.toString("latin1");
  return siblings.has(`${text}-wal`) || siblings.has(`${text}-journal`);
}

/** Undefined for a link that dangles, goes in circles, or leads where we may not look. */
function endOf(link: Buffer): string | undefined {
  try {
    return realpathSync.native(link, "utf8");
  } catch {
    return undefined;
  }
}
