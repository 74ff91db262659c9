import { idOf } from "./ids.ts";
import { encodeIndex, encodeIndexedPack, INDEX_BLOBS } from "./index-file.ts";
import {
  type BlobType,
  type FinishedPack,
  PACK_BUFFER_SIZE,
  PACK_SIZE,
  PackBuilder,
  plainLength,
} from "./pack.ts";
import type { Repository } from "./repository.ts";

/** So much of a run that is cut off is uploaded again at most: over a slow link it ends one day. */
const INDEX_EVERY_MS = 5 * 60_000;

/**
 * Brings new blobs into a repository: packs first, then the index files that name them. A run that
 * dies in between leaves packs that nobody names, which a later prune removes, and nothing else.
 */
export class BlobWriter {
  readonly #repository: Repository;
  readonly #assertHeld: () => void;
  readonly #builders: Record<BlobType, PackBuilder>;
  readonly #added: Record<BlobType, Set<string>> = { data: new Set(), tree: new Set() };
  readonly #now: () => number;
  /** When the last index was written. */
  #indexed: number;
  #saving: Promise<unknown> = Promise.resolve();
  /** Entries of the next index file. */
  #unindexed: Buffer[] = [];
  #unindexedBlobs = 0;
  /** Bytes of packs and index files stored so far. */
  bytesStored = 0;
  blobsStored = 0;
  /** Plain bytes of the blobs stored so far. */
  bytesAdded = 0;

  /**
   * @param assertHeld throws when the repository's lock is no longer ours: then nothing more is named
   * @param now milliseconds of a clock that never leaps
   */
  constructor(repository: Repository, assertHeld: () => void, now = () => performance.now()) {
    this.#now = now;
    this.#indexed = now();
    this.#repository = repository;
    this.#assertHeld = assertHeld;
    const coder = repository.coder();
    this.#builders = { data: new PackBuilder("data", coder), tree: new PackBuilder("tree", coder) };
  }

  /** Stores a finished pack; its bytes must not change until this resolves. */
  async savePack(pack: FinishedPack): Promise<void> {
    await this.#repository.storage.save({ type: "pack", name: pack.id }, pack.bytes);
    this.bytesStored += pack.bytes.length;
    this.blobsStored += pack.blobs.length;
    for (const blob of pack.blobs) this.bytesAdded += plainLength(blob);
    this.#unindexed.push(encodeIndexedPack(pack));
    this.#repository.index.addPack(pack.id, pack.blobs);
    this.#unindexedBlobs += pack.blobs.length;
    const isDue = this.#now() - this.#indexed >= INDEX_EVERY_MS;
    if (isDue || this.#unindexedBlobs >= INDEX_BLOBS) await this.#saveIndex();
  }

  /** Stores one blob unless it is known. For the few that are made on this thread: trees, the manifest. @returns its id */
  async saveBlob(type: BlobType, plain: Uint8Array): Promise<string> {
    const id = idOf(plain);
    if (this.#added[type].has(id) || this.#repository.index.has(type, id)) return id;
    this.#added[type].add(id);
    const builder = this.#builders[type];
    let full: FinishedPack | undefined;
    if (!builder.needsBuffer && !builder.hasRoomFor(plain.length)) full = builder.finish();
    if (builder.needsBuffer) builder.reset(Buffer.allocUnsafeSlow(bufferSize(plain.length)));
    builder.add(plain, id);
    if (full !== undefined) await this.#saveInTurn(full);
    return id;
  }

  /** Stores what is still in hand, then the index. After it, every blob given so far can be found. */
  async flush(): Promise<void> {
    await this.#saving;
    for (const builder of Object.values(this.#builders)) {
      if (!builder.isEmpty) await this.savePack(builder.finish());
    }
    await this.#saveIndex();
  }

  /** One upload at a time: whoever makes blobs faster than they are stored waits here for the last. */
  async #saveInTurn(pack: FinishedPack): Promise<void> {
    const before = this.#saving;
    // A chain, since several callers may wait for the same upload: none may drop out of what `flush` awaits.
    this.#saving = before.then(() => this.savePack(pack));
    // Whoever comes next sees the failure; until then it is not an unhandled one.
    this.#saving.catch(() => {});
    await before;
  }

  async #saveIndex(): Promise<void> {
    const packs = this.#unindexed;
    if (packs.length === 0) return;
    this.#unindexed = [];
    this.#unindexedBlobs = 0;
    this.#indexed = this.#now();
    this.#assertHeld();
    const { size } = await this.#repository.saveUnpacked("index", encodeIndex(packs));
    this.bytesStored += size;
  }
}

/** A tree of hundreds of thousands of entries is larger than a pack: it gets one of its own. */
function bufferSize(plainBytes: number): number {
  return PACK_BUFFER_SIZE + Math.max(0, plainBytes - PACK_SIZE);
}
