import { expect, test } from "vitest";
import { newRepository, PASSWORD, storeBlobs } from "../../test/support/archives.ts";
import { toHex } from "../bytes.ts";
import { MemoryStorage } from "../storage/memory.ts";
import type { FileHandle, FileType, Storage } from "../storage/storage.ts";
import { idOf } from "./ids.ts";
import { isRepository, Repository } from "./repository.ts";

const CONFIG: FileHandle = { type: "config", name: "" };

async function namesOf(storage: Storage, type: FileType): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of storage.list(type)) names.push(name);
  return names;
}

/** Stores a file anew with other bytes. */
async function rewrite(storage: Storage, handle: FileHandle, change: (bytes: Uint8Array) => void) {
  const bytes = await storage.load(handle);
  await storage.remove(handle);
  change(bytes);
  await storage.save(handle, bytes);
}

test("what init made opens again, with blobs, index and all", async () => {
  const storage = new MemoryStorage();
  expect(await isRepository(storage)).toBe(false);
  const made = await newRepository(storage);
  expect(await isRepository(storage)).toBe(true);
  const [id] = await storeBlobs(made, "data", Buffer.from("content"));
  const opened = await Repository.open(storage, ["not this", PASSWORD]);
  expect(opened.id).toBe(made.id);
  expect(opened.keyId).toBe(made.keyId);
  expect(opened.config).toEqual(made.config);
  expect(opened.index.size).toBe(0);
  await opened.loadIndex();
  expect(Buffer.from(await opened.loadBlob("data", id as string)).toString()).toBe("content");
  await expect(opened.loadBlob("tree", id as string)).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test("init leaves a repository that is there alone", async () => {
  const storage = new MemoryStorage();
  await newRepository(storage);
  await expect(newRepository(storage)).rejects.toMatchObject({ code: "E_REPO_EXISTS" });
  expect(await namesOf(storage, "key")).toHaveLength(1);
});

test("init over keys without a config asks before it makes the data unreadable", async () => {
  const storage = new MemoryStorage();
  await newRepository(storage);
  await storage.remove(CONFIG);
  await expect(newRepository(storage)).rejects.toMatchObject({ code: "E_REPO_FORMAT" });
});

test("each way in which it does not open has its code", async () => {
  const storage = new MemoryStorage();
  const open = (...passwords: string[]) => Repository.open(storage, passwords);
  await expect(open(PASSWORD)).rejects.toMatchObject({ code: "E_NO_REPO" });
  const { keyId } = await newRepository(storage);
  await expect(open("wrong")).rejects.toMatchObject({ code: "E_WRONG_KEY" });
  await expect(open()).rejects.toMatchObject({ code: "E_WRONG_KEY" });
  await rewrite(storage, CONFIG, (bytes) => void (bytes[20]! ^= 1));
  await expect(open(PASSWORD)).rejects.toMatchObject({ code: "E_DAMAGED" });
  await expect(open("wrong")).rejects.toMatchObject({ code: "E_WRONG_KEY" });
  await storage.remove({ type: "key", name: keyId });
  await expect(open(PASSWORD)).rejects.toMatchObject({ code: "E_REPO_FORMAT" });
});

test("an empty config is damage", async () => {
  const storage = new MemoryStorage();
  await newRepository(storage);
  await storage.remove(CONFIG);
  await storage.save(CONFIG, new Uint8Array(0));
  await expect(Repository.open(storage, [PASSWORD])).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test("each of several keys opens the same repository", async () => {
  const storage = new MemoryStorage();
  const first = await newRepository(storage);
  const added = await first.addKey("second", new Date("2030-01-01T00:00:00Z"));
  const second = await first.reopen(["second"]);
  expect(second.id).toBe(first.id);
  expect(second.keyId).toBe(added);
  expect(toHex(second.masterKey.encrypt)).toBe(toHex(first.masterKey.encrypt));
  expect((await second.listKeys()).map(({ id }) => id)).toEqual([first.keyId, added]);
  expect(await second.keyIsIntact(added)).toBe(true);
  await expect(second.removeKey(added)).rejects.toMatchObject({ code: "E_USAGE" });
  await second.removeKey(first.keyId);
  await expect(Repository.open(storage, [PASSWORD])).rejects.toMatchObject({ code: "E_WRONG_KEY" });
  expect((await Repository.open(storage, ["second"])).keyId).toBe(added);
});

test("a damaged key locks out no other, and is named when it was the one", async () => {
  const storage = new MemoryStorage();
  const repository = await newRepository(storage);
  await repository.addKey("second");
  const handle: FileHandle = { type: "key", name: repository.keyId };
  const whole = await storage.load(handle);
  const damages: ((bytes: Buffer) => Buffer)[] = [
    () => Buffer.alloc(0),
    () => Buffer.from("null"),
    (bytes) => bytes.subarray(0, 100),
    (bytes) => Buffer.from(bytes.toString().replace('"N":32768', '"N":32769')),
    (bytes) => Buffer.from(bytes.toString().replace('"p":1', '"p":9999999')),
    (bytes) => Buffer.from(bytes.toString().replace('"data":"', '"data":"AAAA')),
  ];
  for (const damage of damages) {
    await storage.remove(handle);
    await storage.save(handle, damage(Buffer.from(whole)));
    expect((await Repository.open(storage, ["second"])).id).toBe(repository.id);
    await expect(Repository.open(storage, [PASSWORD])).rejects.toMatchObject({
      code: "E_DAMAGED",
      message: expect.stringContaining(repository.keyId.slice(0, 8)),
    });
    expect(await repository.keyIsIntact(repository.keyId)).toBe(false);
  }
  // What is damaged beside the sealed key does no harm.
  await storage.remove(handle);
  await storage.save(
    handle,
    Buffer.from(Buffer.from(whole).toString().replace("created", "creatad")),
  );
  expect((await Repository.open(storage, [PASSWORD])).keyId).toBe(repository.keyId);
});

test(
  "of more than 20 keys the first 20 are tried, as restic does",
  { timeout: 120_000 },
  async () => {
    const storage = new MemoryStorage();
    const repository = await newRepository(storage);
    for (let i = 2; i <= 21; i++) await repository.addKey(i < 20 ? "filler" : `password ${i}`);
    expect(await namesOf(storage, "key")).toHaveLength(21);
    // The memory storage lists in the order of saving.
    expect((await Repository.open(storage, ["password 20"])).id).toBe(repository.id);
    const last = Repository.open(storage, ["password 21"]);
    await expect(last).rejects.toMatchObject({ code: "E_WRONG_KEY" });
  },
);

test("an unpacked file that is not what its name says is damage", async () => {
  const storage = new MemoryStorage();
  const repository = await newRepository(storage);
  const { name, size } = await repository.saveUnpacked("index", Buffer.from('{"packs":[]}'));
  const handle: FileHandle = { type: "index", name };
  expect((await storage.stat(handle)).size).toBe(size);
  expect(idOf(await storage.load(handle))).toBe(name);
  await repository.loadIndex();
  await rewrite(storage, handle, (bytes) => void (bytes[bytes.length - 1]! ^= 1));
  await expect(repository.loadIndex()).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test("a file sealed with another key is damage, even under its right name", async () => {
  const [a, b] = [await newRepository(), await newRepository()];
  const { name } = await a.saveUnpacked("snapshot", Buffer.from("{}"));
  const handle: FileHandle = { type: "snapshot", name };
  await b.storage.save(handle, await a.storage.load(handle));
  await expect(b.loadUnpacked("snapshot", name)).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test("a pack that is gone or cut short is told as that", async () => {
  const storage = new MemoryStorage();
  const repository = await newRepository(storage);
  const [id] = await storeBlobs(repository, "data", Buffer.from("content"));
  const { pack } = repository.index.locate("data", id as string);
  const handle: FileHandle = { type: "pack", name: pack };
  const bytes = await storage.load(handle);
  await storage.remove(handle);
  const load = () => repository.loadBlob("data", id as string);
  await expect(load()).rejects.toMatchObject({ code: "E_DAMAGED" });
  await storage.save(handle, bytes.subarray(0, 10));
  await expect(load()).rejects.toMatchObject({ code: "E_DAMAGED" });
});
