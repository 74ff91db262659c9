import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../bytes.ts";
import { generateKey } from "../crypto/sealer.ts";
import { hasCode } from "../errors.ts";
import { makeKeyFile, openKeyFile, parseKeyFile } from "./key-file.ts";

const isDamaged = expect.toSatisfy((error) => hasCode(error, "E_DAMAGED"));
const NOW = new Date("2026-09-01T07:00:00Z");

/** Made by restic 0.14: its password, and what `restic cat masterkey` says. */
const RESTIC_KEY = Buffer.from(
  `{"created":"2026-11-22T16:14:18.496907766Z","username":"ada","hostname":"host","kdf":"scrypt",` +
    `"N":32768,"r":8,"p":6,"salt":"roYghj2AgsAIOhIcGi1xS9ToDLsYnqklv3aA/hwSUFdWUbvZhu/Req+xSVcaRUl+` +
    `pcreVBcR0JWHM5WMm+wSAA==","data":"iQkhHuiidGV0K+qPheAxBkyrcJAi83auV9Wdd87zZeKyuB3lXSmwqFXvvWUG` +
    `vpZTTSz/8OR1UmflH/yVFfJixmO+8ELbT9AOuT0VYD8YLUvQAgDw27WE3GYHfdbGRThhLyfraG4od1nobqPPqVCR6nR1` +
    `spk4XcrHIMopTgt0TzFPwH0AUVernSKZn/82UpYvB+IwkbAkFOWIx59VUogANw=="}`,
);

test("a key that restic made", async () => {
  const opened = await openKeyFile(parseKeyFile(RESTIC_KEY), "correct horse battery staple");
  const base64 = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("base64");
  expect(base64(opened?.macK)).toBe("xEOBiLcLHSQFK7jidnpitQ==");
  expect(base64(opened?.macR)).toBe("ajIHCZiPvwpEQaMMnMWiDQ==");
  expect(base64(opened?.encrypt)).toBe("A4PzoMOFRstpnbCvEckjPJx8SNLCSBf/VNrIs3xOCcs=");
});

test("a key file opens with its password and no other", async () => {
  const master = generateKey();
  const { bytes } = await makeKeyFile(master, "zwölf Katzen", NOW);
  const file = parseKeyFile(bytes);
  expect(file.created).toBe(NOW.toISOString());
  const opened = await openKeyFile(file, "zwölf Katzen");
  expect(opened && toHex(opened.encrypt)).toBe(toHex(master.encrypt));
  expect(opened && toHex(opened.macK)).toBe(toHex(master.macK));
  expect(opened && toHex(opened.macR)).toBe(toHex(master.macR));
  for (const wrong of ["", "zwölf Katzen ", "Zwölf Katzen", "zwo\u0308lf Katzen"]) {
    expect(await openKeyFile(file, wrong), JSON.stringify(wrong)).toBeUndefined();
  }
});

test("two files of one password have different salts", async () => {
  const master = generateKey();
  const [a, b] = [await makeKeyFile(master, "x", NOW), await makeKeyFile(master, "x", NOW)];
  expect(a.file.salt).not.toBe(b.file.salt);
  expect(a.file.data).not.toBe(b.file.data);
  expect(Buffer.from(a.file.salt, "base64")).toHaveLength(64);
});

test("sealed data or a salt that was changed open nothing", async () => {
  const { file } = await makeKeyFile(generateKey(), "x", NOW);
  const data = Buffer.from(file.data, "base64");
  data[data.length >> 1]! ^= 1;
  const salt = randomBytes(64).toString("base64");
  expect(await openKeyFile({ ...file, data: data.toString("base64") }, "x")).toBeUndefined();
  expect(await openKeyFile({ ...file, data: "" }, "x")).toBeUndefined();
  expect(await openKeyFile({ ...file, salt }, "x")).toBeUndefined();
});

const valid = { kdf: "scrypt", N: 1024, r: 8, p: 1, salt: "AA==", data: "AA==" };

test.each([
  null,
  1,
  [],
  {},
  { ...valid, kdf: "argon2" },
  { ...valid, N: "1024" },
  { ...valid, N: 1024.5 },
  { ...valid, r: undefined },
  { ...valid, p: null },
  { ...valid, salt: 1 },
  { ...valid, data: undefined },
])("%j is no key file", (json) => {
  expect(() => parseKeyFile(Buffer.from(JSON.stringify(json)))).toThrow(isDamaged);
});

test("whatever the bytes, it is a key file or damage", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((json) => Buffer.from(json)),
      ),
      (bytes) => {
        expect(() => parseKeyFile(bytes)).toThrow(isDamaged);
      },
    ),
  );
});

test.each([
  { N: 2 ** 30, r: 8, p: 1 },
  { N: 2 ** 20, r: 1024, p: 1 },
  { N: 2 ** 15, r: 8, p: 2 ** 20 },
  { N: 1000, r: 8, p: 1 },
  { N: 0, r: 8, p: 1 },
  { N: -1024, r: 8, p: 1 },
])("a hostile cost of %j is refused, not paid", async (cost) => {
  const file = parseKeyFile(Buffer.from(JSON.stringify({ ...valid, ...cost })));
  await expect(openKeyFile(file, "x")).rejects.toThrow(isDamaged);
});
