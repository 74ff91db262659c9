import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, fromHex, toHex } from "../bytes.ts";
import { poly1305 } from "./poly1305.ts";

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Poly1305 as RFC 8439 defines it, slow and plain. */
function reference(key: Uint8Array, message: Uint8Array): string {
  const r = littleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum =
      ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % ((1n << 130n) - 5n);
  }
  sum += littleEndian(key.subarray(16));
  return toHex(Uint8Array.from({ length: 16 }, (_, i) => Number((sum >> BigInt(8 * i)) & 255n)));
}

const zeros = "00".repeat(16);
const ones = "ff".repeat(16);
const two = `02${"00".repeat(15)}`;
const four = `04${"00".repeat(7)}`;
const ietf = Buffer.from(
  'Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or RFC and any statement made within the context of an IETF activity is considered an "IETF Contribution". Such statements include oral statements in IETF sessions, as well as written and electronic communications made at any time or place, which are addressed to',
).toString("hex");
const carroll = Buffer.from(
  "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the borogoves,\nAnd the mome raths outgrabe.",
).toString("hex");
const r14 = `0100000000000000${four}`;

// RFC 8439: section 2.5.2, then appendix A.3, numbers 1 to 11.
test.each([
  [
    "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
    Buffer.from("Cryptographic Forum Research Group").toString("hex"),
    "a8061dc1305136c6c22b8baf0c0127a9",
  ],
  [zeros + zeros, "00".repeat(64), zeros],
  [`${zeros}36e5f6b5c5e06070f0efca96227a863e`, ietf, "36e5f6b5c5e06070f0efca96227a863e"],
  [`36e5f6b5c5e06070f0efca96227a863e${zeros}`, ietf, "f3477e7cd95417af89a6b8794c310cf0"],
  [
    "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
    carroll,
    "4541669a7eaaee61e708dc7cbcc5eb62",
  ],
  [two + zeros, ones, `03${"00".repeat(15)}`],
  [two + ones, two, `03${"00".repeat(15)}`],
  [
    `01${"00".repeat(31)}`,
    `${ones}f0${"ff".repeat(15)}11${"00".repeat(15)}`,
    `05${"00".repeat(15)}`,
  ],
  [`01${"00".repeat(31)}`, `${ones}fb${"fe".repeat(15)}${"01".repeat(16)}`, zeros],
  [two + zeros, `fd${"ff".repeat(15)}`, `fa${"ff".repeat(15)}`],
  [
    r14 + zeros,
    `e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000${zeros}01${"00".repeat(15)}`,
    "14000000000000005500000000000000",
  ],
  [
    r14 + zeros,
    `e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000${zeros}`,
    `13${"00".repeat(15)}`,
  ],
])("RFC 8439: key %s", (key, message, tag) => {
  expect(toHex(poly1305(fromHex(key), fromHex(message)))).toBe(tag);
});

// D. J. Bernstein, "The Poly1305-AES message-authentication code", appendix B.
test.each([
  [
    "",
    "a0f3080000f46400d0c7e9076c834403",
    "61ee09218d29b0aaed7e154a2c5509cc",
    "75deaa25c09f208e1dc4ce6b5cad3fbf",
    "dd3fab2251f11ac759f0887129cc2ee7",
  ],
  [
    "f3f6",
    "851fc40c3467ac0be05cc20404f3f700",
    "fb447350c4e868c52ac3275cf9d4327e",
    "ec074c835580741701425b623235add6",
    "f4c633c3044fc145f84f335cb81953de",
  ],
])("Poly1305-AES of %j", (message, r, nonce, k, tag) => {
  const aes = createCipheriv("aes-128-ecb", fromHex(k), null);
  const s = aes.update(fromHex(nonce));
  expect(toHex(poly1305(concat([fromHex(r), s]), fromHex(message)))).toBe(tag);
});

test("every length up to 600 agrees with the definition", () => {
  const message = randomBytes(600);
  const key = randomBytes(32);
  for (let length = 0; length <= message.length; length++) {
    const part = message.subarray(0, length);
    expect(toHex(poly1305(key, part)), toHex(part)).toBe(reference(key, part));
  }
});

test("extreme limbs agree with the definition", () => {
  const byte = fc.constantFrom(0, 1, 0xfa, 0xfb, 0xfc, 0xfe, 0xff);
  const key = fc.array(byte, { minLength: 32, maxLength: 32 }).map((a) => Uint8Array.from(a));
  fc.assert(
    fc.property(key, byte, byte, fc.integer({ min: 0, max: 2000 }), (k, first, rest, length) => {
      const message = new Uint8Array(length).fill(rest).fill(first, 0, length >> 1);
      expect(toHex(poly1305(k, message))).toBe(reference(k, message));
    }),
    { numRuns: 300 },
  );
});

test.each([65535, 65536, 65537, 131072 + 100, 300_001])("%i random bytes", (length) => {
  const message = randomBytes(length);
  const key = randomBytes(32);
  expect(toHex(poly1305(key, message)), toHex(key)).toBe(reference(key, message));
});
