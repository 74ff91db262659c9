import { randomBytes } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Compressor, decompress, decompressUnknown } from "./zstd.ts";
import { compressorHandle, decompressorHandle } from "./zstd-handle.ts";

const damaged = expect.objectContaining({ code: "E_DAMAGED" });
const text = Buffer.from("Clawback brings it back. ".repeat(2000));

/** Text of some repetition, up to a few hundred KiB. */
const compressible = fc
  .tuple(fc.array(fc.string(), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 3000 }))
  .map(([words, times]) => Buffer.from(words.join(" ").repeat(times)));

function compress(plain: Uint8Array, level?: number): Uint8Array | undefined {
  return new Compressor(level).compress(plain);
}

test("this Node has the lasting contexts that make it fast", () => {
  expect(compressorHandle(3)).toBeDefined();
  expect(decompressorHandle()).toBeDefined();
});

test("reads back what it wrote, with one compressor for all", () => {
  const compressor = new Compressor();
  fc.assert(
    fc.property(compressible, (plain) => {
      const frame = compressor.compress(plain);
      fc.pre(frame !== undefined);
      expect(plain.equals(decompress(frame, plain.length))).toBe(true);
      expect(plain.equals(decompressUnknown(frame))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("what does not shrink is not compressed", () => {
  const compressor = new Compressor();
  expect(compressor.compress(randomBytes(100_000))).toBeUndefined();
  expect(compressor.compress(new Uint8Array(0))).toBeUndefined();
  expect(compressor.compress(text)!.length).toBeLessThan(text.length);
});

test("levels differ", () => {
  const plain = Buffer.from(
    Array.from({ length: 20_000 }, (_, i) => `${(i * i) % 97_777} `).join(""),
  );
  expect(compress(plain, 19)!.length).toBeLessThan(compress(plain, 1)!.length);
});

test.each([
  ["checksum", { [constants.ZSTD_c_checksumFlag]: 1 }],
  ["no content size", { [constants.ZSTD_c_contentSizeFlag]: 0 }],
  ["level 19", { [constants.ZSTD_c_compressionLevel]: 19 }],
])("a frame of another writer: %s", (_, params) => {
  for (const plain of [text, Buffer.alloc(300_000), randomBytes(300_000), Buffer.alloc(0)]) {
    const frame = zstdCompressSync(plain, { params });
    expect(plain.equals(decompress(frame, plain.length))).toBe(true);
    expect(plain.equals(decompressUnknown(frame))).toBe(true);
  }
});

test("any length but the right one is damage, and leaves the next call alone", () => {
  const frame = compress(text)!;
  for (const length of [0, 1, text.length - 1, text.length + 1, 10 * text.length]) {
    expect(() => decompress(frame, length), String(length)).toThrow(damaged);
    expect(text.equals(decompress(frame, text.length))).toBe(true);
  }
});

test("cut short, lengthened or changed is damage, never another text", () => {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  const frame = zstdCompressSync(text, { params });
  for (let length = 0; length < frame.length; length++) {
    expect(() => decompress(frame.subarray(0, length), text.length), `cut to ${length}`).toThrow(
      damaged,
    );
  }
  for (const tail of [Buffer.of(0), frame]) {
    const longer = Buffer.concat([frame, tail]);
    expect(() => decompress(longer, text.length)).toThrow(damaged);
    expect(() => decompressUnknown(longer)).toThrow(damaged);
  }
  for (let at = 4; at < frame.length; at++) {
    const changed = Buffer.from(frame);
    changed[at]! ^= 0x10;
    let plain: Uint8Array | undefined;
    try {
      plain = decompress(changed, text.length);
    } catch (error) {
      expect(error, `byte ${at}`).toEqual(damaged);
    }
    if (plain !== undefined) expect(text.equals(plain), `byte ${at}`).toBe(true);
  }
  expect(text.equals(decompress(frame, text.length))).toBe(true);
});

test("a bomb is given up early", () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 << 20));
  expect(() => decompress(bomb, 1000)).toThrow(damaged);
  expect(() => decompressUnknown(bomb, 1 << 20)).toThrow(damaged);
  expect(decompressUnknown(bomb, 64 << 20).length).toBe(64 << 20);
});
