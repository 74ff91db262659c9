import { expect, test } from "vitest";
import { concat, toHex } from "../bytes.ts";
import { defaultKdfParams, deriveKey, type KdfParams } from "./kdf.ts";

const salt = new TextEncoder().encode("NaCl");

// RFC 7914, section 12.
test("the second vector of the RFC", async () => {
  const key = await deriveKey("password", { N: 1024, r: 8, p: 16, salt });
  expect(toHex(concat([key.encrypt, key.macK, key.macR]))).toBe(
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162" +
      "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
  );
});

test("a text is its UTF-8 bytes, unchanged", async () => {
  const params = { N: 16, r: 1, p: 1, salt };
  const key = await deriveKey(" pässwörd\n", params);
  expect(key).toEqual(await deriveKey(new TextEncoder().encode(" pässwörd\n"), params));
  expect(key).not.toEqual(await deriveKey("pässwörd", params));
});

test("the defaults work and have a salt of their own", async () => {
  const params = defaultKdfParams();
  expect(params).toMatchObject({ N: 32_768, r: 8, p: 1 });
  expect(params.salt).toHaveLength(64);
  expect(toHex(params.salt)).not.toBe(toHex(defaultKdfParams().salt));
  const key = await deriveKey("password", params);
  expect([key.encrypt.length, key.macK.length, key.macR.length]).toEqual([32, 16, 16]);
});

test.each<Partial<KdfParams>>([
  { N: 0 },
  { N: 1 },
  { N: 1000 },
  { N: -16 },
  { N: 16.5 },
  { N: Number.NaN },
  { N: 2 ** 40 },
  { N: 2 ** 20, r: 16 },
  { N: 2 ** 20, p: 3 },
  { r: 0 },
  { r: 2 ** 40 },
  { p: 0 },
  { p: 65 },
])("%j is refused at once", async (params) => {
  await expect(deriveKey("x", { N: 1024, r: 8, p: 1, salt, ...params })).rejects.toMatchObject({
    code: "E_DAMAGED",
  });
});
