import { createCipheriv, createHash } from "node:crypto";

const POOL_BYTES = 32 * 1024 * 1024;
const WORDS = 6000;
const STREAM_BYTES = 1024 * 1024;

/**
 * Random material that is the same for the same seed: bytes that do not compress, ids, and text
 * that compresses about as prose does.
 */
export class Source {
  readonly #cipher;
  readonly #prose: string;
  #stream = Buffer.alloc(0);
  #used = 0;

  constructor(seed: string) {
    const key = createHash("sha256").update(seed).digest();
    this.#cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
    this.#prose = this.#makeProse();
  }

  /** The next bytes of the stream. */
  bytes(length: number): Buffer {
    if (length > STREAM_BYTES) return this.#cipher.update(Buffer.alloc(length));
    if (this.#used + length > this.#stream.length) {
      this.#stream = this.#cipher.update(Buffer.alloc(STREAM_BYTES));
      this.#used = 0;
    }
    this.#used += length;
    return this.#stream.subarray(this.#used - length, this.#used);
  }

  /** A whole number in `[0, limit)`. */
  below(limit: number): number {
    return this.bytes(4).readUInt32LE() % limit;
  }

  /** In the form of a UUID. */
  id(): string {
    const hex = this.bytes(16).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Words, `length` characters in all. */
  text(length: number): string {
    const start = this.below(this.#prose.length - length);
    return this.#prose.slice(start, start + length);
  }

  /** A length around `mean`: many are short and a few long ones hold the most, as in real chats. */
  length(mean: number): number {
    const share = (1 + this.below(1000)) / 1000;
    return Math.min(20 * mean, Math.ceil(-Math.log(share) * mean) + 8);
  }

  #makeProse(): string {
    const words = Array.from({ length: WORDS }, () => {
      const letters = this.bytes(3 + this.below(8));
      return Array.from(letters, (byte) => String.fromCharCode(97 + (byte % 26))).join("");
    });
    const parts: string[] = [];
    for (let size = 0; size < POOL_BYTES; size += parts.at(-1)!.length + 1) {
      // The product of two draws favours the first words, roughly as in a natural language.
      const rank = Math.floor((this.below(WORDS) * this.below(WORDS)) / WORDS);
      parts.push(words[rank]!);
    }
    return parts.join(" ");
  }
}
