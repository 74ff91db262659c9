import fc from "fast-check";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { unwrapUnpacked, wrapUnpacked } from "./unpacked.ts";

test("what was wrapped unwraps, in either version", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom<1 | 2>(1, 2), (text, version) => {
      const json = Buffer.from(`{"value":${text}}`);
      expect(Buffer.from(unwrapUnpacked(wrapUnpacked(json, version)))).toEqual(json);
    }),
  );
});

test("version 2 is a 2 and a zstd frame, version 1 the JSON itself", () => {
  const json = Buffer.from(JSON.stringify({ packs: Array.from({ length: 1000 }, () => "same") }));
  const wrapped = wrapUnpacked(json, 2);
  expect(wrapped[0]).toBe(2);
  expect(zstdDecompressSync(wrapped.subarray(1))).toEqual(json);
  expect(wrapped.length).toBeLessThan(json.length / 10);
  expect(wrapUnpacked(json, 1)).toBe(json);
});

test("what does not shrink is stored bare", () => {
  const json = Buffer.from('{"a":1}');
  expect(wrapUnpacked(json, 2)).toBe(json);
});

test("a list at the top is JSON too", () => {
  expect(Buffer.from(unwrapUnpacked(Buffer.from("[1]"))).toString()).toBe("[1]");
});

test.each([[[]], [[1, 2, 3]], [[2]], [[2, 0x7b, 0x7d]], [[0x20, 0x7b]]])(
  "%j is damage",
  (bytes) => {
    expect(() => unwrapUnpacked(Uint8Array.from(bytes))).toThrow(
      expect.toSatisfy((error) => hasCode(error, "E_DAMAGED")),
    );
  },
);
