import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { roomyBuffer } from "../bytes.ts";
import { ClawbackError, messageOf } from "../errors.ts";
import { compressorHandle, decompressorHandle, type ZstdHandle } from "./zstd-handle.ts";
import { isOneFrame } from "./zstd-frame.ts";

const DEFAULT_LEVEL = 3;

/** Bound for what is decompressed without its length being known, in bytes. */
const DEFAULT_MAX_LENGTH = 1024 ** 3;

/** Makes zstd frames, each on its own and with its content size. A thread makes its own. */
export class Compressor {
  readonly #level: number;
  readonly #handle: ZstdHandle | undefined;
  #scratch = Buffer.allocUnsafe(0);

  /** @param level of zstd: 1 (fast) to 19 (small) */
  constructor(level = DEFAULT_LEVEL) {
    this.#level = level;
    this.#handle = compressorHandle(level);
  }

  /**
   * One frame, in memory that the next call uses again; undefined when it would be no smaller than
   * the input.
   */
  compress(input: Uint8Array): Uint8Array | undefined {
    const frame = this.#frame(input);
    return frame.length < input.length ? frame : undefined;
  }

  /** Memory of at least so many bytes that is free until the next `compress`, which spoils it. */
  scratch(length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = roomyBuffer(length);
    return this.#scratch;
  }

  #frame(input: Uint8Array): Uint8Array {
    if (this.#handle === undefined) {
      const params = { [constants.ZSTD_c_compressionLevel]: this.#level };
      return zstdCompressSync(input, { params });
    }
    const out = this.scratch(compressBound(input.length));
    const written = this.#handle.run(input, out);
    if (written < 0) throw new ClawbackError("E_FAILED", "zstd gave up on a block of data");
    return out.subarray(0, written);
  }
}

/** What an incompressible input grows to, generously (zstd.h, ZSTD_COMPRESSBOUND). */
function compressBound(length: number): number {
  return length + (length >> 8) + 256;
}

let decompressor: { readonly handle: ZstdHandle | undefined } | undefined;

/**
 * Decompresses what is known to have `plainLength` bytes into memory of its own.
 * @throws ClawbackError `E_DAMAGED` when it is not one zstd frame, or has another length
 */
export function decompress(input: Uint8Array, plainLength: number): Uint8Array {
  const out = Buffer.allocUnsafe(plainLength + 1);
  decompressInto(input, plainLength, out);
  return out.subarray(0, plainLength);
}

/**
 * Decompresses what is known to have `plainLength` bytes into the beginning of `out`.
 * @param out at least one byte longer than that, for a longer content to betray itself
 * @throws ClawbackError `E_DAMAGED` when it is not one zstd frame, or has another length
 */
export function decompressInto(input: Uint8Array, plainLength: number, out: Uint8Array): void {
  decompressor ??= { handle: decompressorHandle() };
  if (decompressor.handle === undefined) {
    const plain = decompressUnknown(input, plainLength);
    if (plain.length !== plainLength) throw wrongLength(plainLength);
    out.set(plain);
    return;
  }
  checkFrame(input);
  const written = decompressor.handle.run(input, out.subarray(0, plainLength + 1));
  if (written !== plainLength) {
    // The context may stand in the midst of a frame.
    decompressor = undefined;
    throw wrongLength(plainLength);
  }
}

/**
 * Decompresses what may have any length up to `maxLength`; the frame need not tell it.
 * @throws ClawbackError `E_DAMAGED` when it is not one zstd frame, or longer than that
 */
export function decompressUnknown(input: Uint8Array, maxLength = DEFAULT_MAX_LENGTH): Uint8Array {
  checkFrame(input);
  try {
    // 0 would mean no limit to zlib.
    return zstdDecompressSync(input, { maxOutputLength: Math.max(1, maxLength) });
  } catch (cause) {
    const message = `compressed data does not decompress: ${messageOf(cause)}`;
    throw new ClawbackError("E_DAMAGED", message, { cause });
  }
}

/** Node stops behind the first frame and says nothing of the rest; restic writes one only. */
function checkFrame(input: Uint8Array): void {
  if (!isOneFrame(input)) {
    throw new ClawbackError("E_DAMAGED", "compressed data is not one whole zstd frame");
  }
}

function wrongLength(plainLength: number): ClawbackError {
  const message = `compressed data does not decompress to its ${plainLength} bytes`;
  return new ClawbackError("E_DAMAGED", message);
}
