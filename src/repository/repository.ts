import { generateKey, Sealer, type SymmetricKey } from "../crypto/sealer.ts";
import { ClawbackError, hasCode } from "../errors.ts";
import type { ByteRange, FileInfo, FileType, Storage } from "../storage/storage.ts";
import { BlobIndex } from "./blob-index.ts";
import { decodeConfig, encodeConfig, newConfig, type RepositoryConfig } from "./config-file.ts";
import { idOf, shortId } from "./ids.ts";
import { decodeIndex } from "./index-file.ts";
import { type KeyFile, makeKeyFile, openKeyFile, parseKeyFile } from "./key-file.ts";
import { type BlobCoder, blobCoder, BlobOpener, type BlobType } from "./pack.ts";
import { unwrapUnpacked, wrapUnpacked } from "./unpacked.ts";

/** Files whose plain form is sealed JSON with a version mark, named by the hash of what is stored. */
export type UnpackedType = Extract<FileType, "index" | "snapshot" | "lock">;

/** Stock restic gives up after so many keys. */
const MAX_KEYS_TRIED = 20;

/**
 * An open repository: what is stored, sealed and named, and how to get it back. It holds the
 * master key in memory and nothing else that lives; locks are taken by whoever works on it.
 */
export class Repository {
  readonly storage: Storage;
  readonly config: RepositoryConfig;
  readonly masterKey: SymmetricKey;
  /** The key file that the password opened. */
  readonly keyId: string;
  /**
   * Told of a damaged file among several when the rest can be used without it. What it throws ends
   * the work, and by default it throws.
   */
  onDamage: (error: ClawbackError) => void = (error) => {
    throw error;
  };
  /** Empty until `loadIndex`. */
  index = new BlobIndex();
  readonly #sealer: Sealer;

  private constructor(
    storage: Storage,
    config: RepositoryConfig,
    masterKey: SymmetricKey,
    keyId: string,
  ) {
    this.storage = storage;
    this.config = config;
    this.masterKey = masterKey;
    this.keyId = keyId;
    this.#sealer = new Sealer(masterKey);
  }

  get id(): string {
    return this.config.id;
  }

  /**
   * Makes an empty repository with one key. The config is written last: what has none is not yet
   * a repository, and init may be run on it again.
   *
   * @throws E_REPO_EXISTS
   */
  static async init(storage: Storage, password: string, now = new Date()): Promise<Repository> {
    if (await isRepository(storage)) {
      throw new ClawbackError("E_REPO_EXISTS", `there is a repository at ${storage.location}`, {
        hint: "run `clawback backup` to use it, or name another place with --repo",
      });
    }
    await storage.create();
    for await (const key of storage.list("key")) {
      throw new ClawbackError(
        "E_REPO_FORMAT",
        `${storage.location} has keys (${key.name.slice(0, 8)}) but no config: a repository that lost its config, or an init that was cut off`,
        {
          hint: "when you are sure that it holds nothing, remove its `keys` folder and run init again",
        },
      );
    }
    const master = generateKey();
    const key = await makeKeyFile(master, password, now);
    const keyId = idOf(key.bytes);
    const config = newConfig();
    await storage.save({ type: "key", name: keyId }, key.bytes);
    await storage.save({ type: "config", name: "" }, new Sealer(master).seal(encodeConfig(config)));
    return new Repository(storage, config, master, keyId);
  }

  /**
   * Opens a repository with the first of the passwords that fits a key.
   *
   * @param passwords spellings of one password: as given first, then its canonical form
   * @throws E_NO_REPO, E_REPO_FORMAT, E_WRONG_KEY, E_DAMAGED
   */
  static async open(storage: Storage, passwords: string[]): Promise<Repository> {
    let sealedConfig: Uint8Array;
    try {
      sealedConfig = await storage.load({ type: "config", name: "" });
    } catch (error) {
      if (!hasCode(error, "E_STORAGE_NOT_FOUND")) throw error;
      throw noRepository(storage);
    }
    const { keyId, master } = await findKey(storage, passwords);
    let plain: Uint8Array;
    try {
      plain = new Sealer(master).open(sealedConfig);
    } catch (cause) {
      throw new ClawbackError("E_DAMAGED", "the repository's config file is damaged", {
        cause,
        hint: "the data may be whole: bring `config` back from a copy of the repository",
      });
    }
    return new Repository(storage, decodeConfig(plain), master, keyId);
  }

  /** The same repository through another key. @throws E_WRONG_KEY */
  reopen(passwords: string[]): Promise<Repository> {
    return Repository.open(this.storage, passwords);
  }

  /** What this thread needs to make blobs of this repository. */
  coder(): BlobCoder {
    return blobCoder(this.masterKey, this.config.version);
  }

  /** Seals and stores JSON under the hash of what is stored. */
  async saveUnpacked(type: UnpackedType, json: Uint8Array): Promise<FileInfo> {
    const bytes = this.#sealer.seal(wrapUnpacked(json, this.config.version));
    const name = idOf(bytes);
    await this.storage.save({ type, name }, bytes);
    return { name, size: bytes.length };
  }

  /** @throws E_DAMAGED when the bytes do not match their name or do not open */
  async loadUnpacked(type: UnpackedType, name: string): Promise<Uint8Array> {
    const bytes = await this.storage.load({ type, name });
    if (idOf(bytes) !== name) {
      throw new ClawbackError("E_DAMAGED", `${type} ${name.slice(0, 8)} does not match its name`);
    }
    return unwrapUnpacked(this.#sealer.open(bytes));
  }

  /** Reads every index file. Do it with a lock held: before, a prune may be under way. */
  async loadIndex(): Promise<void> {
    const files: FileInfo[] = [];
    for await (const file of this.storage.list("index")) files.push(file);
    // About 33 stored bytes a blob: the tables need not grow while they are filled.
    const index = new BlobIndex(files.reduce((sum, file) => sum + file.size, 0) / 33);
    for (const { name } of files) {
      const packs = await this.unlessDamaged(async () =>
        decodeIndex(await this.loadUnpacked("index", name)),
      );
      for (const pack of packs ?? []) index.addPack(pack.id, pack.blobs);
    }
    this.index = index;
  }

  /** Does a part of the work that the rest can do without: its E_DAMAGED goes to `onDamage`. */
  async unlessDamaged<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED")) throw error;
      this.onDamage(error);
      return undefined;
    }
  }

  /** A blob's plain bytes. @throws E_DAMAGED, also when its pack is gone */
  async loadBlob(type: BlobType, id: string): Promise<Uint8Array> {
    const { pack, offset, length, uncompressedLength } = this.index.locate(type, id);
    const sealed = await this.#loadFromPack(pack, { offset, length });
    // An opener of its own: the bytes are the caller's to keep.
    return new BlobOpener(this.#sealer).open(sealed, { id, length, uncompressedLength });
  }

  async #loadFromPack(pack: string, range: ByteRange): Promise<Uint8Array> {
    try {
      return await this.storage.load({ type: "pack", name: pack }, range);
    } catch (error) {
      if (!hasCode(error, "E_STORAGE_NOT_FOUND")) throw error;
      throw new ClawbackError("E_DAMAGED", `pack ${shortId(pack)} is gone, and data with it`, {
        hint: "run `clawback check` to see what is lost, and `clawback backup` to store anew what is still there",
        cause: error,
      });
    }
  }

  /** Oldest first. */
  async listKeys(): Promise<{ id: string; file: KeyFile }[]> {
    const keys: { id: string; file: KeyFile }[] = [];
    for await (const { name } of this.storage.list("key")) {
      const file = await this.unlessDamaged(async () =>
        parseKeyFile(await this.storage.load({ type: "key", name })),
      );
      if (file !== undefined) keys.push({ id: name, file });
    }
    return keys.sort((a, b) => (a.file.created < b.file.created ? -1 : 1));
  }

  /** Whether a key file's bytes are those it was named after. */
  async keyIsIntact(id: string): Promise<boolean> {
    return idOf(await this.storage.load({ type: "key", name: id })) === id;
  }

  /** Adds a key for one more password. @returns its id */
  async addKey(password: string, now = new Date()): Promise<string> {
    const { bytes } = await makeKeyFile(this.masterKey, password, now);
    const name = idOf(bytes);
    await this.storage.save({ type: "key", name }, bytes);
    return name;
  }

  async removeKey(id: string): Promise<void> {
    if (id === this.keyId) {
      throw new ClawbackError("E_USAGE", "that key is the one in use: it stays", {
        hint: "open the repository with another password, then remove this key",
      });
    }
    await this.storage.remove({ type: "key", name: id });
  }
}

/** What to say where there is none. */
export function noRepository(storage: Storage): ClawbackError {
  return new ClawbackError("E_NO_REPO", `there is no repository at ${storage.location}`, {
    hint: "run `clawback init` to make one, or name the right place with --repo",
  });
}

/** Whether the storage holds a repository. */
export async function isRepository(storage: Storage): Promise<boolean> {
  try {
    await storage.stat({ type: "config", name: "" });
    return true;
  } catch (error) {
    if (hasCode(error, "E_STORAGE_NOT_FOUND")) return false;
    throw error;
  }
}

async function findKey(
  storage: Storage,
  passwords: string[],
): Promise<{ keyId: string; master: SymmetricKey }> {
  let tried = 0;
  const damaged: string[] = [];
  for await (const { name } of storage.list("key")) {
    if (++tried > MAX_KEYS_TRIED) break;
    const bytes = await storage.load({ type: "key", name });
    if (idOf(bytes) !== name) damaged.push(shortId(name));
    try {
      const file = parseKeyFile(bytes);
      for (const password of passwords) {
        const master = await openKeyFile(file, password);
        if (master !== undefined) return { keyId: name, master };
      }
    } catch (error) {
      // One damaged key must not lock out the others.
      if (!hasCode(error, "E_DAMAGED")) throw error;
    }
  }
  if (tried === 0) {
    throw new ClawbackError("E_REPO_FORMAT", `the repository at ${storage.location} has no keys`, {
      hint: "bring its `keys` folder back from a copy of the repository",
    });
  }
  if (damaged.length > 0) {
    throw new ClawbackError(
      "E_DAMAGED",
      `no key opens with this password, and of key ${damaged.join(", ")} the file is damaged`,
      { hint: "bring the `keys` folder back from a copy of the repository; the data may be whole" },
    );
  }
  throw new ClawbackError("E_WRONG_KEY", "no key of the repository opens with this password", {
    hint: "give the recovery phrase or password with --password-file or --password-command",
  });
}
