import fc from "fast-check";
import { expect, test } from "vitest";
import { pageChunkSize } from "./pages.ts";

test.each([
  [4096, 0, 4096],
  [512, 100_000, 4096],
  [65_536, 1 << 20, 65_536],
  [4096, 256 * 2 ** 20, 4096],
  [4096, 256 * 2 ** 20 + 1, 8192],
  [4096, 2 ** 30, 16_384],
  [4096, 2 ** 45, 8 * 2 ** 20],
])("pages of %i in %i bytes: chunks of %i", (pageSize, fileSize, length) => {
  expect(pageChunkSize(pageSize, fileSize)).toBe(length);
});

test("whole pages, at most 65,536 chunks below the greatest length", () => {
  const page = fc.integer({ min: 9, max: 16 }).map((bits) => 2 ** bits);
  fc.assert(
    fc.property(page, fc.integer({ min: 0, max: 2 ** 44 }), (pageSize, fileSize) => {
      const length = pageChunkSize(pageSize, fileSize);
      expect(length % pageSize).toBe(0);
      expect(length).toBeLessThanOrEqual(8 * 2 ** 20);
      if (length < 8 * 2 ** 20) expect(Math.ceil(fileSize / length)).toBeLessThanOrEqual(65_536);
    }),
  );
});
