import { createPrivateKey, createPublicKey, verify } from "node:crypto";

/** RFC 8410: what stands before the 32 bytes of a key. */
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

/** The field of both curves: 2^255 - 19. */
const P = 2n ** 255n - 19n;

/** The byte before a Curve25519 public key where Signal's protocol writes or signs one. */
export const KEY_TYPE = Buffer.from([5]);

/** The X25519 public key (32 bytes) of a private one; undefined when that is no key. */
export function publicKeyOf(privateKey: Uint8Array): Buffer | undefined {
  return derived(PKCS8_X25519, privateKey);
}

/** The Ed25519 public key (32 bytes) of a seed; undefined when that is none. */
export function ed25519PublicKeyOf(seed: Uint8Array): Buffer | undefined {
  return derived(PKCS8_ED25519, seed);
}

function derived(prefix: Buffer, privateKey: Uint8Array): Buffer | undefined {
  if (privateKey.length !== 32) return undefined;
  const key = createPrivateKey({
    key: Buffer.concat([prefix, privateKey]),
    format: "der",
    type: "pkcs8",
  });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
}

/**
 * Whether a Curve25519 identity key has signed a message: XEdDSA
 * (https://signal.org/docs/specifications/xeddsa/) and the older form that libsignal's JavaScript
 * writes, which keeps the sign of the Ed25519 key in the signature's last bit.
 *
 * @param publicKey 32 bytes
 * @param signature 64 bytes
 */
export function verifiesXEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const edwards = edwardsFromMontgomery(publicKey);
  if (edwards === undefined) return false;
  const plain = Buffer.from(signature);
  const last = plain[63] as number;
  edwards[31] = (edwards[31] as number) | (last & 0x80);
  plain[63] = last & 0x7f;
  return verifiesEd25519(edwards, message, plain);
}

/** @param publicKey 32 bytes @param signature 64 bytes */
export function verifiesEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = Buffer.concat([SPKI_ED25519, publicKey]);
    return verify(null, message, createPublicKey({ key, format: "der", type: "spki" }), signature);
  } catch {
    // Not a point of the curve.
    return false;
  }
}

/** RFC 7748, section 4.1: y = (u - 1) / (u + 1), little-endian. Undefined where there is none. */
function edwardsFromMontgomery(publicKey: Uint8Array): Buffer | undefined {
  const reversed = Buffer.from(publicKey).reverse();
  const u = (BigInt(`0x${reversed.toString("hex")}`) & (2n ** 255n - 1n)) % P;
  if (u === P - 1n) return undefined;
  const y = ((u - 1n + P) * power(u + 1n, P - 2n)) % P;
  return Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse();
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % P;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
