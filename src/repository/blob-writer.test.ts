import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { newRepository, PASSWORD } from "../../test/support/archives.ts";
import { ClawbackError } from "../errors.ts";
import { MemoryStorage } from "../storage/memory.ts";
import type { FileHandle } from "../storage/storage.ts";
import { BlobWriter } from "./blob-writer.ts";
import { INDEX_BLOBS } from "./index-file.ts";
import { PACK_SIZE } from "./pack.ts";
import { Repository } from "./repository.ts";

/** Counts what is saved, slowly if asked to. */
class SlowStorage extends MemoryStorage {
  readonly saved: string[] = [];
  delay = 0;
  underWay = 0;
  mostAtOnce = 0;
  refuse: string | undefined;

  override async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.underWay);
    if (this.delay > 0) await sleep(this.delay);
    this.underWay--;
    if (this.refuse === handle.type) throw new ClawbackError("E_NO_SPACE", "full, as told");
    await super.save(handle, data);
    this.saved.push(handle.type);
  }
}

async function setUp() {
  const storage = new SlowStorage();
  const repository = await newRepository(storage);
  storage.saved.length = 0;
  return { storage, repository, writer: new BlobWriter(repository, () => {}) };
}

test("a blob is stored once, however often it is given", async () => {
  const { storage, repository, writer } = await setUp();
  const ids = [
    await writer.saveBlob("data", Buffer.from("a")),
    await writer.saveBlob("data", Buffer.from("a")),
  ];
  expect(ids[0]).toBe(ids[1]);
  await writer.flush();
  expect(writer.blobsStored).toBe(1);
  expect(writer.bytesAdded).toBe(1);
  expect(storage.saved).toEqual(["pack", "index"]);
  const again = new BlobWriter(repository, () => {});
  await again.saveBlob("data", Buffer.from("a"));
  await again.flush();
  expect(again.blobsStored).toBe(0);
  expect(storage.saved).toEqual(["pack", "index"]);
});

test("data and tree of the same bytes are stored each in a pack of its own", async () => {
  const { storage, writer } = await setUp();
  const bytes = Buffer.from('{"nodes":[]}\n');
  const [data, tree] = [await writer.saveBlob("data", bytes), await writer.saveBlob("tree", bytes)];
  await writer.flush();
  expect(data).toBe(tree);
  expect(writer.blobsStored).toBe(2);
  expect(storage.saved).toEqual(["pack", "pack", "index"]);
  const opened = await Repository.open(storage, [PASSWORD]);
  await opened.loadIndex();
  expect(opened.index.locate("data", data).pack).not.toBe(opened.index.locate("tree", tree).pack);
});

test("bytes stored are what the storage grew by", async () => {
  const { storage, writer } = await setUp();
  for (let i = 0; i < 100; i++) await writer.saveBlob("data", randomBytes(1000));
  await writer.flush();
  let total = 0;
  for (const type of ["pack", "index"] as const) {
    for await (const { size } of storage.list(type)) total += size;
  }
  expect(writer.bytesStored).toBe(total);
});

test("nothing given, nothing written", async () => {
  const { storage, writer } = await setUp();
  await writer.flush();
  expect(storage.saved).toEqual([]);
});

test("no index is written once the lock is lost", async () => {
  const { storage, repository } = await setUp();
  const lost = new ClawbackError("E_LOCK_LOST", "lost");
  const writer = new BlobWriter(repository, () => {
    throw lost;
  });
  await writer.saveBlob("data", Buffer.from("a"));
  await expect(writer.flush()).rejects.toBe(lost);
  expect(storage.saved).toEqual(["pack"]);
});

test("an index is written whenever it has enough blobs", { timeout: 120_000 }, async () => {
  const { storage, repository, writer } = await setUp();
  const count = INDEX_BLOBS + 20_000;
  const bytes = Buffer.alloc(8);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    bytes.writeDoubleLE(i);
    ids.push(await writer.saveBlob("data", bytes));
  }
  await writer.flush();
  expect(storage.saved.filter((type) => type === "index")).toHaveLength(2);
  const opened = await Repository.open(storage, [PASSWORD]);
  await opened.loadIndex();
  expect(opened.index.size).toBe(count);
  expect(ids.every((id) => opened.index.has("data", id))).toBe(true);
  expect(repository.index.size).toBe(count);
});

test("an index is written every few minutes, so that a run cut off is not all for nothing", async () => {
  const { storage, repository } = await setUp();
  let now = 0;
  const writer = new BlobWriter(
    repository,
    () => {},
    () => now,
  );
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.push(await writer.saveBlob("data", randomBytes(PACK_SIZE - 100)));
    now += 2 * 60_000;
  }
  // Four packs have left, at 2, 4, 6 and 8 minutes; the run ends here, without a flush.
  await writer.saveBlob("data", Buffer.alloc(200, "x"));
  while (storage.saved.filter((type) => type === "pack").length < 4) await sleep(1);
  expect(storage.saved.filter((type) => type === "index")).toHaveLength(1);
  const opened = await Repository.open(storage, [PASSWORD]);
  await opened.loadIndex();
  expect(ids.filter((id) => opened.index.has("data", id))).toHaveLength(3);
});

test("many who give blobs at once to a slow storage lose none", async () => {
  const { storage, repository, writer } = await setUp();
  storage.delay = 30;
  const big = PACK_SIZE / 2 + 1;
  // Each fills a pack of its own, and all are given while the first is on its way.
  const ids = await Promise.all(
    Array.from({ length: 6 }, () => writer.saveBlob("tree", randomBytes(big))),
  );
  await writer.flush();
  expect(storage.saved).toEqual(["pack", "pack", "pack", "pack", "pack", "pack", "index"]);
  expect(storage.mostAtOnce).toBe(1);
  for (const id of ids) expect(repository.index.has("tree", id)).toBe(true);
});

test("an upload that failed is told at the latest by flush, and no index names its blobs", async () => {
  const { storage, repository, writer } = await setUp();
  storage.delay = 10;
  storage.refuse = "pack";
  const big = PACK_SIZE / 2 + 1;
  const saves = Array.from({ length: 3 }, () => writer.saveBlob("tree", randomBytes(big)));
  await Promise.allSettled(saves);
  storage.refuse = undefined;
  await expect(writer.flush()).rejects.toMatchObject({ code: "E_NO_SPACE" });
  expect(storage.saved).toEqual([]);
  expect(repository.index.size).toBe(0);
});

test("a tree that is larger than a pack has a pack of its own", async () => {
  const { repository, writer } = await setUp();
  const huge = randomBytes(PACK_SIZE + 5_000_000);
  await writer.saveBlob("tree", Buffer.from("small"));
  const id = await writer.saveBlob("tree", huge);
  await writer.saveBlob("tree", Buffer.from("small too"));
  await writer.flush();
  expect(repository.index.packCount).toBe(3);
  expect(Buffer.compare(await repository.loadBlob("tree", id), huge)).toBe(0);
});
