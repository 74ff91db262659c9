import {
  type DatabaseCapturer,
  type DatabaseImage,
  databaseSignature,
  sameSignature,
} from "../capture/database.ts";
import { pageChunkSize } from "../chunker/pages.ts";
import { errno } from "../errors.ts";
import type { DatabaseHook, PageImage } from "../snapshot/archiver.ts";
import type { Manifest, ManifestDatabase } from "./manifest.ts";

/** Takes the databases of one backup, and keeps what the manifest says of each. */
export class InstanceDatabases implements DatabaseHook {
  readonly #capturer: DatabaseCapturer;
  readonly #before: Map<string, ManifestDatabase>;
  readonly #taken = new Map<string, ManifestDatabase>();

  /** @param parent the manifest of the snapshot before */
  constructor(capturer: DatabaseCapturer, parent: Manifest | undefined) {
    this.#capturer = capturer;
    this.#before = new Map((parent?.databases ?? []).map((entry) => [entry.path, entry]));
  }

  isKnown(path: Buffer): boolean {
    return this.#before.has(path.toString());
  }

  async isUnchanged(path: Buffer): Promise<boolean> {
    const before = this.#before.get(path.toString());
    // What was not proven consistent deserves another try.
    if (before?.consistent !== true) return false;
    try {
      if (!sameSignature(before.signature, await databaseSignature(path))) return false;
    } catch (error) {
      if (errno(error) === undefined) throw error;
      return false;
    }
    this.#taken.set(before.path, before);
    return true;
  }

  async capture(path: Buffer, attempt: number): Promise<PageImage> {
    const image = await this.#capturer.capture(path, { forceCopy: attempt > 0 });
    this.#taken.set(path.toString(), entryOf(path, image));
    return {
      path: image.path,
      size: image.size,
      pageChunk: pageChunkSize(image.pageSize, image.size),
      confirm: () => image.confirm(),
      [Symbol.asyncDispose]: () => image[Symbol.asyncDispose](),
    };
  }

  /** By path. */
  entries(): ManifestDatabase[] {
    return [...this.#taken.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

function entryOf(path: Buffer, image: DatabaseImage): ManifestDatabase {
  const { size, pageSize, pages, method, consistent, reason, walFrames, problems, signature } =
    image;
  return {
    path: path.toString(),
    size,
    pageSize,
    pages,
    method,
    consistent,
    ...(reason !== undefined && { reason }),
    walFrames,
    facts: image.facts ?? null,
    problems,
    signature,
  };
}
