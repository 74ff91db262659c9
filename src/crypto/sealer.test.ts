import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, toHex } from "../bytes.ts";
import { poly1305 } from "./poly1305.ts";
import { generateKey, SEALED_OVERHEAD, Sealer, type SymmetricKey } from "./sealer.ts";

const damaged = expect.objectContaining({ code: "E_DAMAGED" });

/** The format from its description, on node:crypto's own CTR. */
function reference(key: SymmetricKey, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  const ciphertext = createCipheriv("aes-256-ctr", key.encrypt, iv).update(plain);
  const nonce = createCipheriv("aes-128-ecb", key.macK, null).update(iv);
  return concat([iv, ciphertext, poly1305(concat([key.macR, nonce]), ciphertext)]);
}

test.each([
  ["counts on", "00".repeat(15) + "01"],
  ["carries through one byte", `${"11".repeat(15)}ff`],
  ["carries through the low half", "0102030405060708ffffffffffffffff"],
  ["carries through all", "ff".repeat(16)],
  ["carries after a while", `${"ab".repeat(7)}ff${"ff".repeat(6)}fff0`],
])("is what node:crypto makes of it: the counter %s", (_, text) => {
  const key = generateKey();
  const iv = Buffer.from(text, "hex");
  const sealer = new Sealer(key, () => iv);
  for (const length of [0, 1, 15, 16, 17, 1000, 32_768, 32_769, 70_000, 200_001]) {
    const plain = randomBytes(length);
    const sealed = sealer.seal(plain);
    expect(Buffer.from(reference(key, iv, plain)).equals(sealed), `${length} bytes`).toBe(true);
    expect(plain.equals(sealer.open(sealed)), `${length} bytes`).toBe(true);
  }
});

test("opens what it sealed, in place and between other bytes", () => {
  const sealer = new Sealer(generateKey());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(50), (plain, offset) => {
      const out = new Uint8Array(offset + plain.length + SEALED_OVERHEAD + 3).fill(7);
      const written = sealer.sealInto(plain, out, offset);
      expect(written).toBe(plain.length + SEALED_OVERHEAD);
      expect(out.subarray(0, offset).every((byte) => byte === 7)).toBe(true);
      expect([...out.subarray(offset + written)]).toEqual([7, 7, 7]);
      const opened = new Uint8Array(plain.length + 5);
      expect(sealer.openInto(out.subarray(offset, offset + written), opened)).toBe(plain.length);
      expect(opened.subarray(0, plain.length)).toEqual(plain);
    }),
  );
});

test.each([40, 40_000])("any flipped bit of %i bytes is found", (length) => {
  const sealer = new Sealer(generateKey());
  const sealed = sealer.seal(randomBytes(length));
  const step = Math.ceil(sealed.length / 40);
  for (let at = 0; at < sealed.length; at += step) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Uint8Array.from(sealed);
      flipped[at]! ^= 1 << bit;
      const out = new Uint8Array(length);
      expect(() => sealer.openInto(flipped, out), `byte ${at}, bit ${bit}`).toThrow(damaged);
      expect(out.every((byte) => byte === 0)).toBe(true);
    }
  }
});

test("another key, a cut and an IV of zeros are damage", () => {
  const key = generateKey();
  const sealer = new Sealer(key);
  const sealed = sealer.seal(randomBytes(100));
  expect(() => new Sealer(generateKey()).open(sealed)).toThrow(damaged);
  for (const length of [0, 1, 31, 32, 131]) {
    expect(() => sealer.open(sealed.subarray(0, length)), String(length)).toThrow(damaged);
  }
  const zeroIv = reference(key, new Uint8Array(16), randomBytes(10));
  expect(() => sealer.open(zeroIv)).toThrow(damaged);
  expect(() => new Sealer(key, (n) => new Uint8Array(n)).seal(sealed)).toThrow(/random/);
});

test("no IV is used twice", () => {
  const key = generateKey();
  const sealers = [new Sealer(key), new Sealer(key)];
  const ivs = Array.from({ length: 2000 }, (_, i) =>
    toHex(sealers[i % 2]!.seal(Uint8Array.of(1)).subarray(0, 16)),
  );
  expect(new Set(ivs).size).toBe(ivs.length);
});

test("no room is refused before anything is written", () => {
  const sealer = new Sealer(generateKey());
  const out = new Uint8Array(50);
  expect(() => sealer.sealInto(new Uint8Array(18), out, 1)).toThrow(RangeError);
  expect(out.every((byte) => byte === 0)).toBe(true);
  expect(() => sealer.openInto(sealer.seal(new Uint8Array(9)), new Uint8Array(8))).toThrow(
    RangeError,
  );
});
