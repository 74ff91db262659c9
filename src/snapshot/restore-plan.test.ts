import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { BlobIndex } from "../repository/blob-index.ts";
import type { TreeNode } from "./node.ts";
import { planContents } from "./restore-plan.ts";

const PACK = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const KIB = 1024;

function id(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

function blob(name: string, offset: number, length: number, uncompressedLength = 0) {
  return { type: "data" as const, id: id(name), offset, length, uncompressedLength };
}

function file(path: string, size: number, ...chunks: string[]) {
  const node: TreeNode = {
    name: Buffer.from(path.slice(1)),
    type: "file",
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: BigInt(size),
    content: chunks.map(id),
  };
  return { path: Buffer.from(path), node };
}

const place = (path: Buffer) => Buffer.concat([Buffer.from("/target"), path]);

test("a blob is read once and written wherever it belongs", () => {
  const index = new BlobIndex();
  index.addPack(PACK, [blob("a", 0, 132), blob("b", 132, 82, 1000)]);
  const plan = planContents(index, [file("/x", 1200, "a", "b", "a"), file("/y", 100, "a")], place);
  expect(plan).toMatchObject({ bytes: 1300, faults: [] });
  expect(plan.parts).toHaveLength(1);
  expect(plan.parts[0]).toMatchObject({ pack: PACK, range: { offset: 0, length: 214 } });
  expect(plan.parts[0]?.blobs.map(({ writes }) => writes)).toEqual([
    [
      { path: "/target/x", at: 0 },
      { path: "/target/x", at: 1100 },
      { path: "/target/y", at: 0 },
    ],
    [{ path: "/target/x", at: 100 }],
  ]);
});

test("a small gap is read over, a large one is not, packs are apart", () => {
  const index = new BlobIndex();
  index.addPack(PACK, [
    blob("a", 0, 1000),
    blob("near", 1000 + 256 * KIB, 1000),
    blob("far", 2001 + 512 * KIB, 1000),
  ]);
  index.addPack(OTHER, [blob("c", 500, 1000)]);
  const sizes = 4 * (1000 - 32);
  const { parts, faults } = planContents(
    index,
    [file("/x", sizes, "far", "c", "near", "a")],
    place,
  );
  expect(faults).toEqual([]);
  expect(parts.map(({ pack, range }) => ({ pack, ...range }))).toEqual([
    { pack: PACK, offset: 0, length: 2000 + 256 * KIB },
    { pack: PACK, offset: 2001 + 512 * KIB, length: 1000 },
    { pack: OTHER, offset: 500, length: 1000 },
  ]);
});

test("a chunk that is nowhere, and a size that is another, are faults", () => {
  const index = new BlobIndex();
  index.addPack(PACK, [blob("a", 0, 132)]);
  const files = [file("/missing", 200, "a", "gone"), file("/size", 99, "a"), file("/empty", 0)];
  const { faults } = planContents(index, files, place);
  expect(faults.map(({ path, message }) => `${path.toString()}: ${message}`)).toEqual([
    "/missing: 1 of its chunks are in no pack",
    "/size: its chunks hold 100 bytes, its size is 99",
  ]);
});
