import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonBytes, jsonString, jsonValue, parseJson } from "./go-json.ts";

test("strings are escaped as Go does, HTML and line ends included", () => {
  expect(jsonString('a"b\\c')).toBe(String.raw`"a\"b\\c"`);
  expect(jsonString("<&>")).toBe(String.raw`"\u003c\u0026\u003e"`);
  expect(jsonString("\u2028\u2029\n\r\t\b\f\x01\x1f\x7f")).toBe(
    `"${String.raw`\u2028\u2029\n\r\t\b\f\u0001\u001f`}\x7f"`,
  );
});

test("each byte that is not UTF-8 becomes an escaped replacement character", () => {
  expect(jsonBytes(Buffer.from("61e28222", "hex"))).toBe(String.raw`"a\ufffd\ufffd\""`);
  expect(jsonBytes(Buffer.from("a\ufffd"))).toBe('"a\ufffd"');
});

test("whole numbers beyond 2^53 are exact, others are plain", () => {
  const text = '{"a":18446744073709551615,"b":[9007199254740993,-9007199254740993],"c":1.5,"d":7}';
  const value = parseJson(Buffer.from(text));
  expect(value).toEqual({
    a: 2n ** 64n - 1n,
    b: [2n ** 53n + 1n, -(2n ** 53n) - 1n],
    c: 1.5,
    d: 7,
  });
  expect(jsonValue(value)).toBe(text);
});

test("long digits inside strings stay strings", () => {
  const value = { "1": ":12345678901234567890", "k,12345678901234567890": "12345678901234567890" };
  expect(parseJson(Buffer.from(JSON.stringify(value)))).toEqual(value);
});

test("any value is written so that it is read back", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = jsonValue(value as never);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
