import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** What is used of matrix-sdk-crypto-wasm. */
interface Crypto {
  initAsync(): Promise<void>;
  OlmMachine: {
    initialize(user: object, device: object, store: string): Promise<Machine>;
  };
  UserId: new (id: string) => object;
  DeviceId: new (id: string) => object;
}

interface Machine {
  identityKeys: { ed25519: { toBase64(): string } };
  close(): void;
}

export const MATRIX = {
  userId: "@claw:example.org",
  deviceId: "CLAWDEVICE",
  prefix: "openclaw-matrix-default-0123456789abcdef",
};

/** What is used of IndexedDB, which Node has no types for. */
interface Request<T> {
  result: T;
  error: Error | null;
  addEventListener(type: "success" | "error" | "upgradeneeded", listener: () => void): void;
}

interface ObjectStore {
  keyPath: unknown;
  autoIncrement: boolean;
  indexNames: Iterable<string>;
  index(name: string): { keyPath: unknown; multiEntry: boolean; unique: boolean };
  createIndex(name: string, keyPath: unknown, options: object): void;
  getAllKeys(): Request<unknown[]>;
  getAll(): Request<unknown[]>;
  put(value: unknown, key?: unknown): Request<unknown>;
}

interface Database {
  objectStoreNames: Iterable<string>;
  createObjectStore(name: string, options: object): ObjectStore;
  transaction(name: string, mode?: "readwrite"): { objectStore(name: string): ObjectStore };
  close(): void;
}

export interface IndexedDb {
  databases(): Promise<{ name?: string; version?: number }[]>;
  open(name: string, version: number): Request<Database>;
}

interface Store {
  name: string;
  keyPath: unknown;
  autoIncrement: boolean;
  indexes: { name: string; keyPath: unknown; multiEntry: boolean; unique: boolean }[];
  records: { key: unknown; value: unknown }[];
}

/** One database as `@openclaw/matrix` keeps it. */
export type Dump = { name: string; version: number; stores: Store[] }[];

/** The libraries that OpenClaw has for Matrix, out of its plugin. */
export async function matrixLibraries(plugin: string): Promise<{ crypto: Crypto; idb: IndexedDb }> {
  const load = createRequire(join(plugin, "package.json"));
  load("fake-indexeddb/auto");
  const crypto = load("@matrix-org/matrix-sdk-crypto-wasm") as Crypto;
  await crypto.initAsync();
  return { crypto, idb: (globalThis as unknown as { indexedDB: IndexedDb }).indexedDB };
}

/** Opens a store, or makes one; returns the device's public key. */
export async function openMachine(crypto: Crypto, prefix = MATRIX.prefix): Promise<string> {
  const user = new crypto.UserId(MATRIX.userId);
  const device = new crypto.DeviceId(MATRIX.deviceId);
  const machine = await crypto.OlmMachine.initialize(user, device, prefix);
  const key = machine.identityKeys.ed25519.toBase64();
  machine.close();
  return key;
}

/** Everything that is in IndexedDB, as the plugin writes it down. */
export async function dumpOf(idb: IndexedDb): Promise<Dump> {
  const dump: Dump = [];
  for (const { name = "", version = 1 } of await idb.databases()) {
    const database = await done(idb.open(name, version));
    const stores: Store[] = [];
    for (const each of database.objectStoreNames) {
      const store = database.transaction(each).objectStore(each);
      const keys = await done(store.getAllKeys());
      const values = await done(store.getAll());
      const indexes = [...store.indexNames].map((index) => {
        const { keyPath, multiEntry, unique } = store.index(index);
        return { name: index, keyPath, multiEntry, unique };
      });
      const records = keys.map((key, index) => ({ key, value: values[index] }));
      const { keyPath, autoIncrement } = store;
      stores.push({ name: each, keyPath, autoIncrement, indexes, records });
    }
    dump.push({ name, version, stores });
    database.close();
  }
  return dump;
}

/** Puts a dump into an IndexedDB that does not have it, as the plugin does when it starts. */
export async function putBack(idb: IndexedDb, dump: Dump): Promise<void> {
  for (const { name, version, stores } of dump) {
    const request = idb.open(name, version);
    request.addEventListener("upgradeneeded", () => {
      for (const { name: each, keyPath, autoIncrement, indexes } of stores) {
        const options = keyPath === null ? { autoIncrement } : { keyPath, autoIncrement };
        const store = request.result.createObjectStore(each, options);
        for (const { name: index, keyPath: of, ...how } of indexes)
          store.createIndex(index, of, how);
      }
    });
    const database = await done(request);
    for (const { name: each, keyPath, records } of stores) {
      const store = database.transaction(each, "readwrite").objectStore(each);
      const isInline = keyPath !== null;
      await Promise.all(
        records.map(({ key, value }) => done(isInline ? store.put(value) : store.put(value, key))),
      );
    }
    database.close();
  }
}

function done<T>(request: Request<T>): Promise<T> {
  return new Promise((settle, reject) => {
    request.addEventListener("success", () => settle(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB")));
  });
}

// node test/portability/make-matrix.ts <plugin> <file>: how the fixture was made.
if (import.meta.main) {
  const [plugin = "", file = ""] = process.argv.slice(2);
  const { crypto, idb } = await matrixLibraries(resolve(plugin));
  await openMachine(crypto);
  await writeFile(file, JSON.stringify(await dumpOf(idb)));
}
