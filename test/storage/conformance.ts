import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FileHandle, FileType, Storage } from "../../src/storage/storage.ts";

export interface StorageUnderTest {
  storage: Storage;
  /** The same place through fresh eyes: another process, another day. */
  reopen?: () => Promise<Storage>;
  cleanup: () => Promise<void>;
}

const CONFIG: FileHandle = { type: "config", name: "" };
const MANY: FileType[] = ["key", "lock", "snapshot", "index", "pack"];

/** A file of that type, named by its content as in a repository. */
export function fileOf(type: FileType, data: Uint8Array): FileHandle {
  return { type, name: createHash("sha256").update(data).digest("hex") };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What every storage must do: run it against each, decorated ones too. */
export function describeStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`${name} as a storage`, () => {
    let place: StorageUnderTest;
    let storage: Storage;

    beforeEach(async () => {
      place = await make();
      storage = place.storage;
      await storage.create();
    });

    afterEach(async () => {
      await storage[Symbol.asyncDispose]();
      await place.cleanup();
    });

    async function names(type: FileType): Promise<string[]> {
      return (await collect(storage.list(type))).map((info) => info.name).toSorted();
    }

    test("create() again keeps what is there", async () => {
      await storage.save(CONFIG, Buffer.from("kept"));
      await storage.create();
      expect(text(await storage.load(CONFIG))).toBe("kept");
    });

    test("an empty layout lists nothing", async () => {
      for (const type of ["config", ...MANY] as FileType[]) expect(await names(type)).toEqual([]);
    });

    test.each(MANY)("a %s file: save, load, stat, list, remove", async (type) => {
      const data = randomBytes(1000);
      const handle = fileOf(type, data);
      await storage.save(handle, data);
      expect(Buffer.compare(await storage.load(handle), data)).toBe(0);
      expect(await storage.stat(handle)).toEqual({ name: handle.name, size: 1000 });
      expect(await collect(storage.list(type))).toEqual([{ name: handle.name, size: 1000 }]);
      for (const other of MANY) if (other !== type) expect(await names(other)).toEqual([]);
      await storage.remove(handle);
      expect(await names(type)).toEqual([]);
      await expect(storage.load(handle)).rejects.toMatchObject({ code: "E_STORAGE_NOT_FOUND" });
    });

    test("config: save, load, stat, list, remove", async () => {
      await storage.save(CONFIG, Buffer.from("the config"));
      expect(text(await storage.load(CONFIG))).toBe("the config");
      expect(await storage.stat(CONFIG)).toEqual({ name: "", size: 10 });
      expect(await collect(storage.list("config"))).toEqual([{ name: "", size: 10 }]);
      await storage.remove(CONFIG);
      await expect(storage.stat(CONFIG)).rejects.toMatchObject({ code: "E_STORAGE_NOT_FOUND" });
    });

    test("what is saved is there for whoever opens it next", async () => {
      if (place.reopen === undefined) return;
      const data = randomBytes(3000);
      await storage.save(fileOf("pack", data), data);
      await using again = await place.reopen();
      expect(Buffer.compare(await again.load(fileOf("pack", data)), data)).toBe(0);
    });

    test("ranges", async () => {
      const data = Buffer.from("0123456789");
      const handle = fileOf("pack", data);
      await storage.save(handle, data);
      const part = async (offset: number, length: number): Promise<string> =>
        text(await storage.load(handle, { offset, length }));
      expect(await part(0, 10)).toBe("0123456789");
      expect(await part(3, 4)).toBe("3456");
      expect(await part(9, 1)).toBe("9");
      expect(await part(4, 0)).toBe("");
      expect(await part(10, 0)).toBe("");
    });

    test.each([
      { offset: 5, length: 6 },
      { offset: 10, length: 1 },
      { offset: 11, length: 0 },
      { offset: -1, length: 2 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: Number.MAX_SAFE_INTEGER },
    ])("a range that is not within the file is damage: $offset, $length", async (range) => {
      const data = Buffer.from("0123456789");
      const handle = fileOf("pack", data);
      await storage.save(handle, data);
      await expect(storage.load(handle, range)).rejects.toMatchObject({ code: "E_DAMAGED" });
    });

    test("never overwrites", async () => {
      const handle = fileOf("snapshot", Buffer.from("first"));
      await storage.save(handle, Buffer.from("first"));
      for (const data of ["second", "first"]) {
        await expect(storage.save(handle, Buffer.from(data))).rejects.toMatchObject({
          code: "E_STORAGE_EXISTS",
        });
      }
      expect(text(await storage.load(handle))).toBe("first");
      expect(await names("snapshot")).toEqual([handle.name]);
    });

    test("what is not there is not found", async () => {
      for (const type of ["config", ...MANY] as FileType[]) {
        const handle = type === "config" ? CONFIG : fileOf(type, Buffer.from("nowhere"));
        const code = "E_STORAGE_NOT_FOUND";
        await expect(storage.load(handle)).rejects.toMatchObject({ code });
        await expect(storage.load(handle, { offset: 0, length: 1 })).rejects.toMatchObject({
          code,
        });
        await expect(storage.stat(handle)).rejects.toMatchObject({ code });
        await expect(storage.remove(handle)).rejects.toMatchObject({ code });
      }
    });

    test("a name that is none never reaches the place", async () => {
      for (const name of ["", "..", "../config", "a".repeat(63), "A".repeat(64), "config"]) {
        const handle: FileHandle = { type: "pack", name };
        const code = "E_DAMAGED";
        await expect(storage.save(handle, Buffer.from("x"))).rejects.toMatchObject({ code });
        await expect(storage.load(handle)).rejects.toMatchObject({ code });
        await expect(storage.stat(handle)).rejects.toMatchObject({ code });
        await expect(storage.remove(handle)).rejects.toMatchObject({ code });
      }
    });

    test("an empty file", async () => {
      const handle = fileOf("lock", new Uint8Array());
      await storage.save(handle, new Uint8Array());
      expect((await storage.load(handle)).length).toBe(0);
      expect(await storage.stat(handle)).toEqual({ name: handle.name, size: 0 });
    });

    test("a file of 16 MiB", async () => {
      const data = randomBytes(16 * 1024 * 1024);
      const handle = fileOf("pack", data);
      await storage.save(handle, data);
      expect(Buffer.compare(await storage.load(handle), data)).toBe(0);
      const tail = { offset: data.length - 100, length: 100 };
      expect(Buffer.compare(await storage.load(handle, tail), data.subarray(-100))).toBe(0);
    });

    test("bytes handed over are not shared", async () => {
      const data = Buffer.from("unchanged");
      const handle = fileOf("index", data);
      await storage.save(handle, data);
      data.fill(0);
      (await storage.load(handle)).fill(0);
      expect(text(await storage.load(handle))).toBe("unchanged");
    });

    test("500 files are listed, each once", async () => {
      const files = Array.from({ length: 500 }, (_, i) => Buffer.from(`file ${i}`));
      for (let i = 0; i < files.length; i += 20) {
        await Promise.all(
          files.slice(i, i + 20).map((data) => storage.save(fileOf("pack", data), data)),
        );
      }
      expect(await names("pack")).toEqual(
        files.map((data) => fileOf("pack", data).name).toSorted(),
      );
    });

    test("files may be removed and saved while they are listed", async () => {
      for (let i = 0; i < 5; i++) {
        await storage.save(fileOf("index", Buffer.from(`old ${i}`)), Buffer.from(`old ${i}`));
      }
      let rounds = 0;
      for await (const { name } of storage.list("index")) {
        await storage.remove({ type: "index", name });
        const data = Buffer.from(`new ${rounds}`);
        await storage.save(fileOf("index", data), data);
        if (++rounds === 100) break;
      }
      expect(rounds).toBeLessThan(100);
    });

    test("many saves at once, of different files", async () => {
      const files = Array.from({ length: 40 }, () => randomBytes(50_000));
      await Promise.all(files.map((data) => storage.save(fileOf("pack", data), data)));
      for (const data of files) {
        expect(Buffer.compare(await storage.load(fileOf("pack", data)), data)).toBe(0);
      }
    });

    test("of many saves of one name at once, one wins, whole", async () => {
      const handle = fileOf("pack", Buffer.from("contested"));
      const files = Array.from({ length: 8 }, (_, i) => Buffer.alloc(100_000, i));
      const results = await Promise.allSettled(files.map((data) => storage.save(handle, data)));
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      for (const result of results) {
        if (result.status === "rejected") {
          expect(result.reason).toMatchObject({ code: "E_STORAGE_EXISTS" });
        }
      }
      const stored = await storage.load(handle);
      expect(files.filter((data) => Buffer.compare(data, stored) === 0)).toHaveLength(1);
    });

    test("nobody sees a file half-written", async () => {
      const data = Buffer.alloc(8 * 1024 * 1024, 7);
      const handle = fileOf("pack", data);
      let saving = true;
      const saved = storage.save(handle, data).finally(() => (saving = false));
      while (saving) {
        for await (const { size } of storage.list("pack")) expect(size).toBe(data.length);
        const seen = await storage.load(handle).catch((error: unknown) => error);
        if (seen instanceof Uint8Array) expect(seen.length).toBe(data.length);
        else expect(seen).toMatchObject({ code: "E_STORAGE_NOT_FOUND" });
      }
      await saved;
    });

    test("its printable location is not empty, its concurrency at least 1", () => {
      expect(storage.location).not.toBe("");
      expect(storage.concurrency).toBeGreaterThanOrEqual(1);
    });
  });
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString();
}
