import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { FrozenDirectory } from "../snapshot/frozen.ts";
import { everyEntry, listDirectory } from "./directory-listing.ts";
import type { ListedEntry } from "./directory-listing.ts";
import { copyRegular } from "./file-copy.ts";
import { removePlaces } from "./image.ts";
import { SIDECAR_SUFFIXES } from "./path.ts";
import { roomBeside } from "./room.ts";
import { placeIn } from "./scratch.ts";
import { TIME_STEP_MS } from "./signature.ts";

export interface FreezeOptions {
  /**
   * Asked of regular files; of one that is gone, or may not be read, it says no. Databases, and what
   * SQLite puts beside them, are not copied.
   */
  isDatabase(path: Buffer): boolean;
}

/** Copies of all files of a directory. Dispose of them after the last read. */
export interface FrozenCopy extends AsyncDisposable {
  directory: FrozenDirectory;
  /** False when something changed, came or went during every attempt, or could not be copied. */
  stable: boolean;
}

const ATTEMPTS = 8;
const PATIENCE_MS = 8000;
/** Whoever writes one file after the other is done with them when nothing came for so long. */
const QUIET_MS = 250;
/** How long such a pause is waited for; after that, a moment without a change has to do. */
const QUIET_PATIENCE_MS = 5000;
/** Doubled after each attempt. */
const FIRST_PAUSE_MS = 20;
/** Files copied before others get their turn. */
const AT_ONCE = 50;

/**
 * Copies a directory whose files belong together, as of one moment: it is listed, copied, and
 * listed again, until two listings agree. All that time everything was as it was copied.
 *
 * What has not changed since it was copied is not copied again, so that a directory of a thousand
 * files, too, settles within the short pauses of its writer. When it never does, the last look
 * stands.
 *
 * @param scratch a private directory, which exists
 * @throws errors of the file system about `directory` or `scratch` themselves
 */
export async function freezeDirectory(
  directory: Buffer,
  scratch: string,
  { isDatabase }: FreezeOptions,
): Promise<FrozenCopy> {
  const place = placeIn(scratch);
  mkdirSync(place, { mode: 0o700 });
  const deadline = performance.now() + PATIENCE_MS;
  const quietBy = performance.now() + QUIET_PATIENCE_MS;
  const copies = new Copies(place, isDatabase);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const { listed, now } = await quietListing(directory, quietBy);
      const complete = await copies.update(listed, now, deadline);
      const stable = complete && copies.agree(listed, listDirectory(directory));
      if (stable || attempt === ATTEMPTS || performance.now() > deadline) {
        return {
          directory: copies.frozen(listed),
          stable,
          [Symbol.asyncDispose]: () => removePlaces([place]),
        };
      }
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  } catch (error) {
    await removePlaces([place]);
    throw error;
  }
}

/** The directory when nothing in it has changed for a while, or as it is at the end of patience. */
async function quietListing(
  directory: Buffer,
  by: number,
): Promise<{ listed: ListedEntry[]; now: number }> {
  for (;;) {
    const now = Date.now();
    const listed = listDirectory(directory);
    let newest = 0;
    for (const { stat } of everyEntry(listed)) {
      newest = Math.max(newest, Number(stat.ctimeNs) / 1e6);
    }
    const missing = QUIET_MS - (now - newest);
    // A time in the future says nothing about pauses.
    if (missing <= 0 || missing > QUIET_MS || performance.now() + missing > by) {
      return { listed, now };
    }
    await sleep(missing);
  }
}

/** What is known of a regular file as of its `stamp`. */
interface Known {
  stamp: string;
  /** A database, which lives on. */
  live: boolean;
  content: string | undefined;
  /** The last change was long enough ago for a further one to show. */
  settled: boolean;
}

class Copies {
  readonly #place: string;
  readonly #isDatabase: FreezeOptions["isDatabase"];
  readonly #known = new Map<string, Known>();
  #made = 0;
  /** Bytes. */
  #room: number;

  constructor(place: string, isDatabase: FreezeOptions["isDatabase"]) {
    this.#place = place;
    this.#room = roomBeside(place);
    this.#isDatabase = isDatabase;
  }

  /**
   * Copies what is new or has changed.
   *
   * @param now when the listing was begun, in ms
   * @returns whether every file is copied, and would show a change from here on
   */
  async update(listed: ListedEntry[], now: number, deadline: number): Promise<boolean> {
    let complete = true;
    for (const entry of everyEntry(listed)) {
      if (!entry.stat.isFile() || this.#isSidecar(entry)) continue;
      let known = this.#known.get(keyOf(entry.path));
      if (known?.stamp !== stampOf(entry) || !known.settled) {
        if (performance.now() > deadline) return false;
        known = this.#learn(entry, now);
        if (this.#made % AT_ONCE === 0) await turn();
      }
      complete &&= known.live || (known.settled && known.content !== undefined);
    }
    return complete;
  }

  #learn(entry: ListedEntry, now: number): Known {
    const key = keyOf(entry.path);
    const before = this.#known.get(key)?.content;
    if (before !== undefined) rmSync(before, { force: true });
    const live = this.#isDatabase(entry.path);
    this.#made += 1;
    const copy = live ? undefined : this.#copy(entry);
    const known = {
      stamp: stampOf(entry),
      live,
      content: copy,
      settled: now - Number(entry.stat.ctimeNs) / 1e6 >= TIME_STEP_MS,
    };
    this.#known.set(key, known);
    return known;
  }

  #copy({ path, stat }: ListedEntry): string | undefined {
    this.#room -= Number(stat.size);
    const copy = join(this.#place, String(this.#made));
    return this.#room >= 0 && copyRegular(path, stat, copy) ? copy : undefined;
  }

  /** Whether two listings show the same; what lives on may change. */
  agree(earlier: ListedEntry[], later: ListedEntry[]): boolean {
    return this.#outside(earlier) === this.#outside(later);
  }

  #outside(listed: ListedEntry[]): string {
    return [...everyEntry(listed)]
      .filter((entry) => !this.#isSidecar(entry))
      .map((entry) => {
        const key = keyOf(entry.path);
        // A directory's times tell of names that came and went; those that stayed are listed.
        const lives = entry.stat.isDirectory() || this.#known.get(key)?.live === true;
        return `${key}\0${lives ? entry.stat.ino : stampOf(entry)}`;
      })
      .join("\0");
  }

  #isSidecar({ path }: ListedEntry): boolean {
    const key = keyOf(path);
    return SIDECAR_SUFFIXES.some(
      (suffix) =>
        key.endsWith(suffix) && this.#known.get(key.slice(0, -suffix.length))?.live === true,
    );
  }

  frozen(listed: ListedEntry[]): FrozenDirectory {
    return {
      entries: listed.map(({ name, path, stat, linktarget, entries }) => {
        const known = this.#known.get(keyOf(path));
        const content = known?.stamp === stampOf({ stat }) ? known.content : undefined;
        return {
          name,
          stat,
          ...(linktarget !== undefined && { linktarget }),
          ...(content !== undefined && { content }),
          ...(entries !== undefined && { directory: this.frozen(entries) }),
        };
      }),
    };
  }
}

/** latin1 maps any bytes one to one. */
function keyOf(path: Buffer): string {
  return path.toString("latin1");
}

function stampOf({ stat }: Pick<ListedEntry, "stat">): string {
  return [stat.ino, stat.mode, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ");
}
