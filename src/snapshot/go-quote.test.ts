import fc from "fast-check";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { quoteName, unquoteName } from "./go-quote.ts";

test.each([
  ["plain", "plain"],
  ['say "hi"', String.raw`say \"hi\"`],
  [String.raw`back\slash`, String.raw`back\\slash`],
  ["\x07\b\f\n\r\t\v", String.raw`\a\b\f\n\r\t\v`],
  ["\x00\x1f\x7f", String.raw`\x00\x1f\x7f`],
  ["é日本🦞'", "é日本🦞'"],
  ["\u0080\u00a0\u200b\ufeff\ue000", String.raw`\u0080\u00a0\u200b\ufeff\ue000`],
  ["\u{10ffff}", String.raw`\U0010ffff`],
  ["\ufffd", "\ufffd"],
])("a name %j is quoted as %j", (name, quoted) => {
  expect(quoteName(Buffer.from(name))).toBe(quoted);
  expect(unquoteName(quoted)).toEqual(Buffer.from(name));
});

test.each([
  ["ff", String.raw`\xff`],
  ["63616ee9", String.raw`can\xe9`],
  ["61e28262", String.raw`a\xe2\x82b`],
  ["eda080", String.raw`\xed\xa0\x80`],
  ["c0af", String.raw`\xc0\xaf`],
  ["f4908080", String.raw`\xf4\x90\x80\x80`],
  ["0ae697a5ff22", String.raw`\n日\xff\"`],
])("the bytes %s are quoted as %j", (bytes, quoted) => {
  expect(quoteName(Buffer.from(bytes, "hex"))).toBe(quoted);
  expect(unquoteName(quoted).toString("hex")).toBe(bytes);
});

test("octal and long escapes are read, as Go reads them", () => {
  expect(unquoteName(String.raw`\101\u00e9\U0001f99e`).toString()).toBe("Aé🦞");
});

test.each([
  '"',
  "\\",
  String.raw`\q`,
  String.raw`\x1`,
  "\n",
  String.raw`\ud800`,
  String.raw`\U00110000`,
  String.raw`\'`,
])("%j is no quoted name", (quoted) => {
  expect(() => unquoteName(quoted)).toThrow(expect.toSatisfy((e) => hasCode(e, "E_DAMAGED")));
});

test("any bytes survive", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: "binary" }).map((s) => Buffer.from(s)),
  );
  fc.assert(
    fc.property(bytes, (raw) => {
      const name = Buffer.from(raw);
      const quoted = quoteName(name);
      expect(quoted.isWellFormed()).toBe(true);
      expect(unquoteName(quoted)).toEqual(name);
    }),
    { numRuns: 1000 },
  );
});
