import { type Cipheriv, createCipheriv, randomFillSync } from "node:crypto";
import { equalBytes } from "../bytes.ts";
import { ClawbackError } from "../errors.ts";
import { type Kernel, kernel } from "./kernel.ts";
import { poly1305 } from "./poly1305.ts";

/** The three keys of a repository. */
export interface SymmetricKey {
  /** AES-256-CTR, 32 bytes. */
  encrypt: Uint8Array;
  /** AES-128 of Poly1305-AES, 16 bytes. */
  macK: Uint8Array;
  /** `r` of Poly1305-AES, 16 bytes, unmasked. */
  macR: Uint8Array;
}

const IV_LENGTH = 16;
const MAC_LENGTH = 16;

/** Bytes that sealing adds: an IV in front, a MAC behind. */
export const SEALED_OVERHEAD = IV_LENGTH + MAC_LENGTH;

const IV_POOL = 256 * IV_LENGTH;

export function generateKey(): SymmetricKey {
  const random = (length: number) => randomFillSync(new Uint8Array(length));
  return { encrypt: random(32), macK: random(16), macR: random(16) };
}

/** A source of random bytes that asks the system for a few thousand at a time. */
function pooledRandom(): (length: number) => Uint8Array {
  const pool = new Uint8Array(IV_POOL);
  let used = pool.length;
  return (length) => {
    if (used + length > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}

/**
 * Encrypts and authenticates as restic does: IV ‖ AES-256-CTR ‖ Poly1305-AES of the ciphertext
 * (restic's design document, "Keys, Encryption and MAC"). A thread makes its own.
 */
export class Sealer {
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #blockCipher: Cipheriv;
  readonly #nonceCipher: Cipheriv;
  readonly #macKey = new Uint8Array(32);
  readonly #kernel: Kernel;

  /** @param randomBytes gives bytes that are still free to use when it is called again */
  constructor(key: SymmetricKey, randomBytes = pooledRandom()) {
    this.#randomBytes = randomBytes;
    this.#blockCipher = createCipheriv("aes-256-ecb", key.encrypt, null);
    this.#nonceCipher = createCipheriv("aes-128-ecb", key.macK, null);
    this.#macKey.set(key.macR);
    this.#kernel = kernel();
  }

  /**
   * Seals `plain` into `out` from `outOffset` on; the two must not overlap.
   * @returns bytes written: the plain length + 32
   */
  sealInto(plain: Uint8Array, out: Uint8Array, outOffset: number): number {
    const iv = this.#freshIv();
    const start = outOffset + IV_LENGTH;
    const end = start + plain.length;
    if (end + MAC_LENGTH > out.length) throw new RangeError("no room for the sealed bytes");
    out.set(iv, outOffset);
    const { code, key } = this.#kernel;
    key.set(this.#oneTimeKey(iv));
    code.begin();
    for (const [at, piece] of this.#encrypted(iv, plain)) {
      code.update(piece.length);
      out.set(piece, start + at);
    }
    code.finish();
    out.set(key.subarray(0, MAC_LENGTH), end);
    return plain.length + SEALED_OVERHEAD;
  }

  /** `sealInto` memory of its own. */
  seal(plain: Uint8Array): Uint8Array {
    const out = new Uint8Array(plain.length + SEALED_OVERHEAD);
    this.sealInto(plain, out, 0);
    return out;
  }

  /**
   * Checks the MAC, then decrypts into the beginning of `out`; the two must not overlap.
   * @returns the plain length: the sealed length - 32
   * @throws ClawbackError `E_DAMAGED` when the MAC does not hold, leaving `out` as it was
   */
  openInto(sealed: Uint8Array, out: Uint8Array): number {
    const length = sealed.length - SEALED_OVERHEAD;
    if (length < 0) throw new ClawbackError("E_DAMAGED", "sealed data is cut short");
    if (out.length < length) throw new RangeError("no room for the opened bytes");
    const iv = sealed.subarray(0, IV_LENGTH);
    const body = sealed.subarray(IV_LENGTH, IV_LENGTH + length);
    const mac = sealed.subarray(IV_LENGTH + length);
    if (isZero(iv) || !equalBytes(mac, poly1305(this.#oneTimeKey(iv), body))) {
      throw new ClawbackError(
        "E_DAMAGED",
        "sealed data is not what was written, or the key is another",
      );
    }
    for (const [at, piece] of this.#encrypted(iv, body)) out.set(piece, at);
    return length;
  }

  /** `openInto` memory of its own. */
  open(sealed: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.max(0, sealed.length - SEALED_OVERHEAD));
    this.openInto(sealed, out);
    return out;
  }

  #freshIv(): Uint8Array {
    const iv = this.#randomBytes(IV_LENGTH);
    // Nobody would open it again; the odds of that are none unless the random source is broken.
    if (isZero(iv)) throw new ClawbackError("E_FAILED", "the random source gives only zeros");
    return iv;
  }

  /**
   * En- or decrypts piece by piece in the kernel's data; gives each one's offset and bytes. In
   * place of CTR, whose cipher costs 16 µs to set up, one ECB cipher encrypts counter blocks.
   */
  *#encrypted(iv: Uint8Array, input: Uint8Array): Generator<[number, Uint8Array]> {
    const { code, data, stream, capacity } = this.#kernel;
    this.#kernel.iv.set(iv);
    for (let at = 0; at < input.length; at += capacity) {
      const piece = input.subarray(at, at + capacity);
      const blocks = Math.ceil(piece.length / 16);
      code.fillCounters(blocks);
      stream.set(this.#blockCipher.update(stream.subarray(0, blocks * 16)));
      data.set(piece);
      code.xorStream(piece.length);
      yield [at, data.subarray(0, piece.length)];
    }
  }

  /** Of Poly1305-AES: r ‖ AES(iv). */
  #oneTimeKey(iv: Uint8Array): Uint8Array {
    this.#macKey.set(this.#nonceCipher.update(iv), 16);
    return this.#macKey;
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
