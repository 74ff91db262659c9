import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type CaptureWindow,
  type DatabaseImage,
  databaseSignature,
  type Examination,
  sameSignature,
} from "../capture/database.ts";
import { freezeDirectory } from "../capture/frozen-directory.ts";
import { pageChunkSize } from "../chunker/pages.ts";
import { errno, messageOf } from "../errors.ts";
import type { DatabaseHook, PageImage } from "../snapshot/archive-options.ts";
import type { FrozenDirectory } from "../snapshot/frozen.ts";
import type { CaptureSite } from "./capture-site.ts";
import { isDatabaseFile } from "./database-header.ts";
import type { Discovery } from "./discovery.ts";
import type { PathProblem } from "./documents.ts";
import type { CaptureMoment, Manifest, ManifestDatabase } from "./manifest.ts";
import { arePinned, type PinnedFile, pinFiles } from "./pinned-files.ts";

/** The configuration changes seldom; whoever saves it three times in a row gets a warning. */
const WINDOWS = 3;

/**
 * Takes what belongs together at one moment: all databases, the configuration, and each set of
 * files. `prepare` takes them; while the walk goes through the instance, it hands them out.
 */
export class InstanceCapture implements DatabaseHook, AsyncDisposable {
  /** Directories as they were. By their paths as latin1. */
  readonly frozen = new Map<string, FrozenDirectory>();
  /** Files as they were. By their paths as latin1. */
  readonly pinned = new Map<string, PinnedFile>();
  /** Sets that would not hold still. */
  readonly restless: PathProblem[] = [];
  readonly #site: CaptureSite;
  readonly #before: Map<string, ManifestDatabase>;
  readonly #taken = new Map<string, ManifestDatabase>();
  /** Names of databases with more than one. */
  readonly #names = new Map<string, Buffer[]>();
  readonly #resting = new Set<string>();
  #window: CaptureWindow | undefined;
  #moment: CaptureMoment | undefined;

  /** @param parent the manifest of the snapshot before */
  constructor(site: CaptureSite, parent: Manifest | undefined) {
    this.#site = site;
    this.#before = new Map((parent?.databases ?? []).map((entry) => [entry.path, entry]));
  }

  /**
   * @param configuration paths of the files it consists of
   * @throws E_INTERRUPTED; whatever cannot be taken now is taken, or told of, when the walk comes by
   */
  async prepare(discovery: Discovery, configuration: readonly string[], now: Date): Promise<void> {
    const due: { path: Buffer; otherNames: Buffer[] }[] = [];
    for (const [path, ...otherNames] of discovery.databases) {
      if (path === undefined) continue;
      for (const name of [path, ...otherNames]) this.#names.set(keyOf(name), [path, ...otherNames]);
      if (await this.#rests(path)) this.#resting.add(keyOf(path));
      else due.push({ path, otherNames });
    }
    const directory = join(this.#site.scratch, "pinned");
    await mkdir(directory, { mode: 0o700 });
    for (let attempt = 1; ; attempt++) {
      const pins = pinFiles(configuration, directory);
      let rested = true;
      const window = await this.#site.capturer.captureTogether(due, async () => {
        rested = arePinned(pins, configuration);
        const woken = await this.#woken();
        due.push(...woken);
        return (rested && woken.length === 0) || attempt === WINDOWS;
      });
      if (window === undefined) continue;
      this.#keep(window, now, rested);
      for (const pin of pins) this.pinned.set(keyOf(Buffer.from(pin.path)), pin);
      break;
    }
    await this.#freeze(discovery.sets);
  }

  /** Databases that rested when they were first looked at, and do no more. */
  async #woken(): Promise<{ path: Buffer; otherNames: Buffer[] }[]> {
    const woken: { path: Buffer; otherNames: Buffer[] }[] = [];
    for (const key of this.#resting) {
      const [path, ...otherNames] = this.#names.get(key) ?? [];
      if (path === undefined || (await this.#rests(path))) continue;
      this.#resting.delete(key);
      woken.push({ path, otherNames });
    }
    return woken;
  }

  #keep(window: CaptureWindow, now: Date, configurationRested: boolean): void {
    this.#window = window;
    this.#moment = {
      time: now.toISOString(),
      databases: window.images.size + this.#resting.size,
      windowMs: window.windowMs,
      configurationRested,
      outside: window.left.map(({ path, reason }) => ({ path: path.toString(), message: reason })),
    };
  }

  async #freeze(sets: Discovery["sets"]): Promise<void> {
    for (const [i, { path, what }] of sets.entries()) {
      const scratch = join(this.#site.scratch, `set-${i}`);
      await mkdir(scratch, { mode: 0o700 });
      try {
        const { directory, stable } = await freezeDirectory(path, scratch, {
          isDatabase: isDatabaseFile,
        });
        this.frozen.set(keyOf(path), directory);
        if (!stable) {
          const message = `taken, but not proven consistent: ${what} that changed all the time`;
          this.restless.push({ path: path.toString(), message });
        }
      } catch (error) {
        // Gone: the walk sees it too.
        if (errno(error) === "ENOENT") continue;
        const message = `taken file by file, not as the set it is (${what}): ${messageOf(error)}`;
        this.restless.push({ path: path.toString(), message });
      }
    }
  }

  isKnown(path: Buffer): boolean {
    return this.#before.has(path.toString()) || this.#names.has(keyOf(path));
  }

  async isUnchanged(path: Buffer): Promise<boolean> {
    const first = this.#firstName(path);
    const key = keyOf(first);
    if (this.#window?.images.has(key)) return false;
    // What it was at the moment of the others counts, not what it is by now.
    if (!this.#resting.has(key) && !(await this.#rests(first))) return false;
    const before = this.#before.get(first.toString()) as ManifestDatabase;
    this.#taken.set(before.path, before);
    return true;
  }

  /** The one that it is known by in the manifest. */
  #firstName(path: Buffer): Buffer {
    return this.#names.get(keyOf(path))?.[0] ?? path;
  }

  /** Whether it is what the snapshot before has. */
  async #rests(path: Buffer): Promise<boolean> {
    const before = this.#before.get(path.toString());
    // What was not proven consistent deserves another try.
    if (before?.consistent !== true) return false;
    try {
      return sameSignature(before.signature, await databaseSignature(path));
    } catch (error) {
      if (errno(error) === undefined) throw error;
      return false;
    }
  }

  async capture(path: Buffer, attempt: number): Promise<PageImage> {
    const first = this.#firstName(path);
    const prepared = attempt === 0 ? this.#window?.images.get(keyOf(first)) : undefined;
    this.#window?.images.delete(keyOf(first));
    if (attempt > 0 && this.#moment !== undefined) {
      this.#moment.databases--;
      const message = "it was written to while it was read, and taken anew";
      this.#moment.outside.push({ path: first.toString(), message });
    }
    const otherNames = (this.#names.get(keyOf(path)) ?? []).filter((name) => !name.equals(path));
    const image =
      prepared ?? (await this.#site.capturer.capture(path, { forceCopy: attempt > 0, otherNames }));
    return {
      path: image.path,
      size: image.size,
      pageChunk: pageChunkSize(image.pageSize, image.size),
      confirm: () => image.confirm(),
      [Symbol.asyncDispose]: async () => {
        // By now it has been examined, or nearly: that went on while it was stored.
        const examination = await image.examination.catch(() => undefined);
        if (examination !== undefined) {
          this.#taken.set(first.toString(), entryOf(first, image, examination));
        }
        await image[Symbol.asyncDispose]();
      },
    };
  }

  /** Undefined in a dry run. */
  get moment(): CaptureMoment | undefined {
    return this.#moment;
  }

  /** By path. */
  entries(): ManifestDatabase[] {
    return [...this.#taken.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#window?.[Symbol.asyncDispose]();
  }
}

function keyOf(path: Buffer): string {
  return path.toString("latin1");
}

function entryOf(
  path: Buffer,
  { size, pageSize, pages, method, consistent, reason, walFrames, signature }: DatabaseImage,
  { facts, problems, verification }: Examination,
): ManifestDatabase {
  return {
    path: path.toString(),
    size,
    pageSize,
    pages,
    method,
    consistent,
    ...(reason !== undefined && { reason }),
    walFrames,
    facts: facts ?? null,
    problems,
    verification,
    signature,
  };
}
