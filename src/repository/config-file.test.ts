import fc from "fast-check";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { decodeConfig, encodeConfig, newConfig } from "./config-file.ts";

const isRefused = expect.toSatisfy((error) => hasCode(error, "E_REPO_FORMAT"));
const valid = { version: 2, id: "ab".repeat(32), chunker_polynomial: "25b468838dcb75" };

function decode(json: unknown) {
  return decodeConfig(Buffer.from(JSON.stringify(json)));
}

test("a new config comes back as it was", () => {
  const config = newConfig();
  expect(config.version).toBe(2);
  expect(decodeConfig(encodeConfig(config))).toEqual(config);
  expect(newConfig().id).not.toBe(config.id);
});

test("fields that are not known are passed over, version 1 is read", () => {
  expect(decode({ ...valid, version: 1, newer: { field: 1 } })).toEqual({
    version: 1,
    id: valid.id,
    chunkerPolynomial: 0x25b468838dcb75n,
  });
});

test.each([
  null,
  1,
  "config",
  [],
  {},
  { ...valid, version: 3 },
  { ...valid, version: "2" },
  { ...valid, id: "ab" },
  { ...valid, id: null },
  { ...valid, chunker_polynomial: undefined },
  { ...valid, chunker_polynomial: 5 },
  { ...valid, chunker_polynomial: "" },
  { ...valid, chunker_polynomial: "0" },
  { ...valid, chunker_polynomial: "3" },
  { ...valid, chunker_polynomial: "25b468838dcb74" },
  { ...valid, chunker_polynomial: "ffffffffffffffffff" },
])("%j is refused", (json) => {
  expect(() => decode(json)).toThrow(isRefused);
});

test("whatever the bytes, it is a config or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => decodeConfig(bytes)).toThrow(isRefused);
    }),
  );
});
