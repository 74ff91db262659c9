import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, equalBytes, fromHex, toHex } from "./bytes.ts";

test("hexadecimal reads back what it wrote", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => equalBytes(fromHex(toHex(bytes)), bytes)));
  expect(toHex(Uint8Array.of(0, 15, 255))).toBe("000fff");
});

test.each(["0", "0g", " 00", "0x00", "é0"])("%j is not hexadecimal", (text) => {
  expect(() => fromHex(text)).toThrow(/hexadecimal/);
});

test("equal means length and content", () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
});

test("concat keeps order and owns its memory", () => {
  const part = Uint8Array.of(1, 2);
  const all = concat([part, new Uint8Array(0), Uint8Array.of(3)]);
  part[0] = 9;
  expect([...all]).toEqual([1, 2, 3]);
});
