import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ed25519PublicKeyOf,
  KEY_TYPE,
  publicKeyOf,
  verifiesEd25519,
  verifiesXEd25519,
} from "./curve25519.ts";
import { bytesIn, keyPairIn } from "./key-pair.ts";

const hex = (text: string) => Buffer.from(text, "hex");

test("RFC 7748, section 6.1: the public key of Bob's private key", () => {
  const secret = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  expect(publicKeyOf(secret)?.toString("hex")).toBe(
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
  );
  expect(publicKeyOf(secret.subarray(1))).toBeUndefined();
});

test("RFC 8032, section 7.1: the first test vector", () => {
  const seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const key = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const signature = hex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
  expect(ed25519PublicKeyOf(seed)).toEqual(key);
  expect(verifiesEd25519(key, Buffer.alloc(0), signature)).toBe(true);
  expect(verifiesEd25519(key, Buffer.from("x"), signature)).toBe(false);
});

/** Both were made by libsignal's JavaScript. */
const creds = JSON.parse(
  readFileSync(
    join(import.meta.dirname, "../../../test/fixtures/portability/whatsapp/creds.json"),
    "utf8",
  ),
) as Record<string, Record<string, unknown>>;
const identity = keyPairIn(creds["signedIdentityKey"])?.public ?? Buffer.alloc(0);
const preKey = keyPairIn(creds["signedPreKey"]?.["keyPair"])?.public ?? Buffer.alloc(0);
const bySelf = bytesIn(creds["signedPreKey"]?.["signature"]) ?? Buffer.alloc(0);
const phone = bytesIn(creds["account"]?.["accountSignatureKey"]) ?? Buffer.alloc(0);
const details = bytesIn(creds["account"]?.["details"]) ?? Buffer.alloc(0);
const byPhone = bytesIn(creds["account"]?.["accountSignature"]) ?? Buffer.alloc(0);
const signed = [
  { key: identity, message: Buffer.concat([KEY_TYPE, preKey]), signature: bySelf },
  { key: phone, message: Buffer.concat([hex("0600"), details, identity]), signature: byPhone },
];

test.each(signed)("a signature of libsignal verifies", ({ key, message, signature }) => {
  expect(verifiesXEd25519(key, message, signature)).toBe(true);
});

test("with any bit of key, message or signature turned it does not", () => {
  const sample = fc.record({
    which: fc.constantFrom(...signed),
    part: fc.constantFrom("key" as const, "message" as const, "signature" as const),
    at: fc.nat(),
  });
  fc.assert(
    fc.property(sample, ({ which, part, at }) => {
      const changed = { ...which, [part]: Buffer.from(which[part]) };
      const bit = at % (changed[part].length * 8);
      // RFC 7748 ignores the last bit of a public key.
      fc.pre(part !== "key" || bit !== 255);
      const byte = changed[part].readUInt8(bit >> 3);
      changed[part].writeUInt8(byte ^ (1 << (bit & 7)), bit >> 3);
      return !verifiesXEd25519(changed.key, changed.message, changed.signature);
    }),
    { numRuns: 200 },
  );
});

test("what is no key or no signature verifies nothing", () => {
  const { message, signature } = signed[0] ?? { message: hex("00"), signature: hex("00") };
  expect(verifiesXEd25519(hex("00"), message, signature)).toBe(false);
  expect(verifiesXEd25519(Buffer.alloc(32, 0xff), message, signature)).toBe(false);
  expect(verifiesXEd25519(identity, message, signature.subarray(1))).toBe(false);
});
