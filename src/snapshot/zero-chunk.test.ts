import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import fc from "fast-check";
import { temporaryFolder } from "../../test/support/archives.ts";
import { randomPolynomial } from "../chunker/polynomial.ts";
import { RabinChunker } from "../chunker/rabin.ts";
import { FileChunks, type OpenFile } from "./file-chunks.ts";
import { isZero, ZERO_CHUNK, ZERO_CHUNK_ID, zeroBytes } from "./zero-chunk.ts";

const KIB = 1024;
const polynomial = randomPolynomial();
const noise = randomBytes(3 << 20);

/** Lengths of the chunks that the chunker makes of this, all of it in memory. */
function plainly(data: Uint8Array): number[] {
  const chunker = new RabinChunker({ polynomial });
  const lengths: number[] = [];
  for (let at = 0; at < data.length; at += lengths.at(-1) as number) {
    lengths.push(chunker.next(data, at, data.length, true));
  }
  return lengths;
}

function open(path: string): OpenFile {
  const chunks = new FileChunks(new RabinChunker({ polynomial }));
  const images = { seen: undefined, range: undefined, pageChunk: undefined, format: undefined };
  return chunks.open({ path, size: 0, ...images, refuseDatabases: false }) as OpenFile;
}

/** A piece of a file; `hole`: zeros that are not written. */
type Piece = { kind: "hole" | "zeros" | "noise"; length: number };

const length = fc.oneof(
  fc.constantFrom(1, 63, 64, 65, 512 * KIB - 1, 512 * KIB, 512 * KIB + 1, 1024 * KIB),
  fc.nat(3000 * KIB),
  fc.nat(300),
);
const pieces: fc.Arbitrary<Piece[]> = fc.array(
  fc.record({ kind: fc.constantFrom("hole", "zeros", "noise"), length }),
  { maxLength: 8 },
);

/** @returns the file's bytes */
function write(path: string, parts: readonly Piece[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const data = Buffer.alloc(size);
  const fd = fs.openSync(path, "w");
  fs.ftruncateSync(fd, size);
  let at = 0;
  for (const { kind, length: wanted } of parts) {
    if (kind === "noise") noise.copy(data, at, 0, wanted);
    if (kind !== "hole") fs.writeSync(fd, data, at, wanted, at);
    at += wanted;
  }
  fs.closeSync(fd);
  return data;
}

test("the chunk of zeros is what its id says", () => {
  expect(createHash("sha256").update(ZERO_CHUNK).digest("hex")).toBe(ZERO_CHUNK_ID);
  expect(plainly(new Uint8Array(3 * ZERO_CHUNK.length + 1))).toEqual([
    ...Array.from({ length: 3 }, () => ZERO_CHUNK.length),
    1,
  ]);
});

test("a file with holes is cut where the chunker cuts it, to the byte", () => {
  using folder = temporaryFolder();
  let skipped = 0;
  fc.assert(
    fc.property(pieces, fc.boolean(), (parts, large) => {
      // Large enough, and with holes enough, to be read past the page cache.
      const tail: Piece[] = large ? [{ kind: "hole", length: 17 << 20 }, ...parts] : [];
      const data = write(folder.at("file"), [...parts, ...tail]);
      using file = open(folder.at("file"));
      const lengths: number[] = [];
      let at = 0;
      for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
        if (chunk === ZERO_CHUNK) skipped++;
        expect(Buffer.compare(chunk, data.subarray(at, at + chunk.length))).toBe(0);
        lengths.push(chunk.length);
        at += chunk.length;
      }
      expect(lengths).toEqual(plainly(data));
      expect(file.finish()).toMatchObject({ size: data.length, changed: false });
    }),
    { numRuns: 40 },
  );
  expect(skipped).toBeGreaterThan(100);
});

test("twenty gigabytes of hole are read in seconds, without memory", () => {
  using folder = temporaryFolder();
  const size = 20 * 2 ** 30;
  fs.writeFileSync(folder.at("sparse"), "begin");
  fs.truncateSync(folder.at("sparse"), size);
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  using file = open(folder.at("sparse"));
  let read = 0;
  let zeros = 0;
  for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
    read += chunk.length;
    if (chunk === ZERO_CHUNK) zeros++;
  }
  expect(read).toBe(size);
  expect(size - zeros * ZERO_CHUNK.length).toBeLessThan(2 << 20);
  expect(performance.now() - begun).toBeLessThan(30_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
});

test("a hole of petabytes is refused at once", () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("sparse"), "");
  try {
    fs.truncateSync(folder.at("sparse"), 2 ** 42);
  } catch {
    // This file system has no files of that size.
    return;
  }
  expect(() => open(folder.at("sparse"))).toThrow(expect.objectContaining({ code: "EFBIG" }));
});

test("bytes are zero when all of them are", () => {
  expect(isZero(new Uint8Array(1))).toBe(true);
  expect(isZero(new Uint8Array(1000))).toBe(true);
  for (const at of [0, 1, 500, 998, 999]) {
    const bytes = new Uint8Array(1000);
    bytes[at] = 1;
    expect(isZero(bytes), `${at}`).toBe(false);
  }
  expect(isZero(new Uint8Array(0))).toBe(false);
});

test("of a node, its chunks of zeros take no room", () => {
  const node = { name: Buffer.from("a"), type: "file" as const, mode: 0o600, uid: 0, gid: 0 };
  expect(zeroBytes(node)).toBe(0);
  const content = [ZERO_CHUNK_ID, "ab".repeat(32), ZERO_CHUNK_ID];
  expect(zeroBytes({ ...node, content })).toBe(1 << 20);
});
