import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { ZERO_CHUNK_ID, zeroBytes } from "../../src/snapshot/zero-chunk.ts";
import { MemoryStorage } from "../../src/storage/memory.ts";
import {
  backUp,
  newRepository,
  nodesOf,
  restoreTree,
  temporaryFolder,
} from "../support/archives.ts";

const MIB = 1 << 20;
const GIB = 2 ** 30;

/** Writes a file of holes with data here and there. */
function writeSparse(path: string, size: number, data: Record<number, Buffer>): void {
  const fd = fs.openSync(path, "wx");
  fs.ftruncateSync(fd, size);
  for (const [at, bytes] of Object.entries(data)) {
    fs.writeSync(fd, bytes, 0, bytes.length, Number(at));
  }
  fs.closeSync(fd);
}

function readAt(path: string, at: number, length: number): Buffer {
  const fd = fs.openSync(path, "r");
  const bytes = Buffer.alloc(length);
  fs.readSync(fd, bytes, 0, length, at);
  fs.closeSync(fd);
  return bytes;
}

test("twenty gigabytes of holes are stored and restored in seconds, as holes", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  const size = 20 * GIB + 12_345;
  const data = {
    0: randomBytes(5000),
    [7 * GIB + 1]: randomBytes(3 * MIB),
    [size - 9]: Buffer.from("the end!!"),
  };
  writeSparse(folder.at("source/sparse"), size, data);
  writeSparse(folder.at("source/all-hole"), 20 * GIB, {});
  const repository = await newRepository();
  const begun = performance.now();
  const { tree, bytesAdded, bytesScanned } = await backUp(repository, folder.at("source"));
  expect(bytesScanned).toBe(size + 20 * GIB);
  expect(bytesAdded).toBeLessThan(16 * MIB);
  const nodes = await nodesOf(repository, tree);
  const hole = nodes.get(folder.at("source/all-hole"));
  expect(hole && zeroBytes(hole)).toBe(20 * GIB);
  const { faults, bytes } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toEqual([]);
  expect(bytes).toBe(bytesScanned + "{}".length);
  expect(performance.now() - begun).toBeLessThan(60_000);
  const restored = folder.at("target", folder.at("source"));
  expect(fs.statSync(`${restored}/all-hole`)).toMatchObject({ size: 20 * GIB, blocks: 0 });
  expect(fs.statSync(`${restored}/sparse`).size).toBe(size);
  expect(fs.statSync(`${restored}/sparse`).blocks * 512).toBeLessThan(16 * MIB);
  for (const [at, wanted] of Object.entries(data)) {
    expect(readAt(`${restored}/sparse`, Number(at), wanted.length).equals(wanted), at).toBe(true);
  }
  expect(readAt(`${restored}/sparse`, 5000, 3 * MIB).every((byte) => byte === 0)).toBe(true);
});

test("zeros of any length come back as they were, at the end of a file too", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  const contents: Record<string, Buffer> = {
    one: Buffer.alloc(1),
    page: Buffer.alloc(4096),
    chunk: Buffer.alloc(512 << 10),
    "chunk and more": Buffer.alloc((512 << 10) + 1),
    "data, then zeros": Buffer.concat([randomBytes(100_000), Buffer.alloc(5 * MIB + 7)]),
    "zeros, then data": Buffer.concat([Buffer.alloc(5 * MIB + 7), randomBytes(100_000)]),
  };
  for (const [name, bytes] of Object.entries(contents)) {
    fs.writeFileSync(folder.at("source", name), bytes);
  }
  const repository = await newRepository();
  const { tree } = await backUp(repository, folder.at("source"));
  expect((await restoreTree(repository, tree, folder.at("target"))).faults).toEqual([]);
  const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  for (const [name, bytes] of Object.entries(contents)) {
    const restored = fs.readFileSync(folder.at("target", folder.at("source"), name));
    expect(sha(restored), name).toBe(sha(bytes));
  }
});

test("the one chunk that the zeros are is proven all the same", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  writeSparse(folder.at("source/hole"), 4 * MIB, {});
  const storage = new MemoryStorage();
  const repository = await newRepository(storage);
  const { tree } = await backUp(repository, folder.at("source"));
  await repository.loadIndex();
  const blob = repository.index.find("data", ZERO_CHUNK_ID);
  if (blob === undefined) throw new Error("no chunk of zeros");
  const pack = { type: "pack", name: blob.pack } as const;
  const bytes = Buffer.from(await storage.load(pack));
  bytes[blob.offset + (blob.length >> 1)]! ^= 1;
  await storage.remove(pack);
  await storage.save(pack, bytes);
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toEqual([
    expect.objectContaining({ path: Buffer.from(folder.at("source/hole")), damaged: true }),
  ]);
});
