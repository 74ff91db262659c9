import { createCipheriv, createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomPolynomial, remainder } from "./polynomial.ts";
import { type ChunkerParams, RabinChunker } from "./rabin.ts";

const polynomial = 0x3da3358b4dc173n;
const mask = (bits: number) => 2n ** BigInt(bits) - 1n;

/** Lengths of all chunks of a file that is there as a whole. */
function cut(data: Uint8Array, params: ChunkerParams): number[] {
  const chunker = new RabinChunker(params);
  const lengths: number[] = [];
  for (let at = 0; at < data.length; at += lengths.at(-1)!) {
    lengths.push(chunker.next(data, at, data.length, true));
  }
  return lengths;
}

/** The same, from the definition: a chunk ends where the last 64 bytes, as a polynomial, leave 0. */
function reference(data: Uint8Array, params: Required<ChunkerParams>): number[] {
  const lengths: number[] = [];
  let start = 0;
  for (let end = 1; end <= data.length; end++) {
    const length = end - start;
    const digest = () => {
      const window = data.subarray(Math.max(start, end - 64), end);
      const value = BigInt(`0x${Buffer.from(window).toString("hex")}`);
      return remainder(value, params.polynomial);
    };
    const isCut =
      length >= params.max ||
      (length >= params.min && (digest() & mask(params.averageBits)) === 0n);
    if (!isCut && end < data.length) continue;
    lengths.push(length);
    start = end;
  }
  return lengths;
}

function noise(length: number, seed: number): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(length));
}

test("zeros are cut at the least length", () => {
  expect(cut(new Uint8Array(4 * 524_288), { polynomial })).toEqual([1, 2, 3, 4].map(() => 524_288));
});

test("agrees with the definition", () => {
  const params = fc.record({
    min: fc.integer({ min: 65, max: 500 }),
    averageBits: fc.integer({ min: 5, max: 10 }),
    extra: fc.integer({ min: 0, max: 2000 }),
    length: fc.integer({ min: 0, max: 4000 }),
    seed: fc.nat(255),
  });
  fc.assert(
    fc.property(params, ({ min, averageBits, extra, length, seed }) => {
      const all = { polynomial: randomPolynomial(), min, max: min + extra, averageBits };
      const data = noise(length, seed);
      expect(cut(data, all)).toEqual(reference(data, all));
    }),
    { numRuns: 20 },
  );
});

test("the cuts do not depend on how much data is there at a time", () => {
  const data = noise(3 << 20, 1);
  const params = { polynomial, min: 10_000, max: 100_000, averageBits: 16 };
  const whole = cut(data, params);
  fc.assert(
    fc.property(fc.integer({ min: 3000, max: 300_000 }), fc.nat(1000), (step, shift) => {
      const chunker = new RabinChunker(params);
      const lengths: number[] = [];
      let end = 0;
      for (let at = 0; at < data.length;) {
        // Elsewhere in memory each time, as in a buffer that is refilled.
        const from = Math.max(0, at - shift);
        const length = chunker.next(
          data.subarray(from),
          at - from,
          end - from,
          end === data.length,
        );
        if (length === -1) {
          end = Math.min(data.length, end + step);
        } else {
          lengths.push(length);
          at += length;
        }
      }
      expect(lengths).toEqual(whole);
    }),
    { numRuns: 20 },
  );
});

test("a chunk given up leaves no trace after reset", () => {
  const data = noise(3 << 20, 2);
  const params = { polynomial, min: 1000, max: 2 << 20, averageBits: 14 };
  const chunker = new RabinChunker(params);
  expect(chunker.next(new Uint8Array(500), 0, 500, false)).toBe(-1);
  expect(chunker.next(noise(2000, 3), 0, 2000, false)).toBe(-1);
  chunker.reset();
  expect(chunker.next(data, 0, data.length, true)).toBe(cut(data, params)[0]);
});

test("the cuts of a known file stay where they are", () => {
  const data = noise(16 << 20, 7);
  const lengths = cut(data, { polynomial });
  expect(lengths.reduce((sum, length) => sum + length)).toBe(data.length);
  const digest = createHash("sha256").update(lengths.join()).digest("hex");
  expect(digest).toBe("c9c3e71fd833b4891f56cfe4d597d1a4fc0d6fd6c36b5bf74e11e303cfc72779");
});
