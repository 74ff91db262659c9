import { loadWasm, type WasmGlobal, type WasmMemory } from "../wasm.ts";
import { DEGREE, degree, remainder } from "./polynomial.ts";

/** restic's values are the defaults. */
export interface ChunkerParams {
  /** Irreducible, of degree 53. */
  polynomial: bigint;
  /** Least length of a chunk but the last, in bytes; more than 64. */
  min?: number;
  /** Greatest length of a chunk, in bytes. */
  max?: number;
  /** A cut is made at one place in 2^averageBits, at random; at most 31. */
  averageBits?: number;
}

const WINDOW = 64;
const DEFAULT_MIN = 512 << 10;
const DEFAULT_MAX = 8 << 20;
const DEFAULT_AVERAGE_BITS = 20;

interface RabinExports {
  readonly memory: WasmMemory;
  readonly CAPACITY: WasmGlobal;
  readonly DATA: WasmGlobal;
  readonly OUT_TABLE: WasmGlobal;
  readonly MOD_TABLE: WasmGlobal;
  scan(from: number, to: number, mask: number): number;
}

/**
 * Cuts where restic would (its chunker: Rabin fingerprints of a window of 64 bytes). Whether a place
 * is a cut depends on the 64 bytes before it alone, so bytes before `min` - 64 are never looked at.
 */
export class RabinChunker {
  readonly #code: RabinExports;
  readonly #data: Uint8Array;
  /** Bytes looked at in one go; should a cut be among them, they are looked at once more. */
  readonly #stride: number;
  readonly #min: number;
  readonly #max: number;
  readonly #mask: number;
  /** Length up to which the chunk that `next` asked more data for has no cut. */
  #scanned = 0;

  constructor(params: ChunkerParams) {
    const { polynomial, min = DEFAULT_MIN, max = DEFAULT_MAX } = params;
    if (min <= WINDOW || max < min) throw new RangeError("chunk lengths out of bounds");
    if (degree(polynomial) !== DEGREE) throw new RangeError("polynomial of another degree");
    this.#min = min;
    this.#max = max;
    this.#mask = 2 ** (params.averageBits ?? DEFAULT_AVERAGE_BITS) - 1;
    this.#code = loadWasm<RabinExports>(new URL("./rabin.wasm", import.meta.url));
    const { memory, CAPACITY, DATA, OUT_TABLE, MOD_TABLE } = this.#code;
    this.#data = new Uint8Array(memory.buffer, DATA.value, CAPACITY.value);
    this.#stride = CAPACITY.value - WINDOW;
    fillTables(
      polynomial,
      new BigUint64Array(memory.buffer, OUT_TABLE.value, 256),
      new BigUint64Array(memory.buffer, MOD_TABLE.value, 256),
    );
  }

  /**
   * Length of the next chunk of `data[start, end)`, where a chunk begins at `start`.
   * Returns -1 when more data is needed: then call again with the same chunk, wherever it lies in
   * memory by then, and more behind it; what has been looked at is not looked at again.
   * @param last the file ends at `end`; then the rest is a chunk
   */
  next(data: Uint8Array, start: number, end: number, last: boolean): number {
    const limit = Math.min(end - start, this.#max);
    let length = Math.max(this.#scanned, this.#min - 1);
    this.#scanned = 0;
    while (length < limit) {
      const to = Math.min(limit, length + this.#stride);
      this.#data.set(data.subarray(start + length - WINDOW, start + to));
      const found = this.#code.scan(WINDOW, WINDOW + to - length, this.#mask);
      if (found < WINDOW + to - length) return length + found - WINDOW + 1;
      length = to;
    }
    if (last || limit === this.#max) return limit;
    this.#scanned = length;
    return -1;
  }

  /** Forgets a chunk that `next` asked more data for, when another file follows. */
  reset(): void {
    this.#scanned = 0;
  }
}

/** Tables indexed by a byte, as rabin.as.ts describes them. */
function fillTables(polynomial: bigint, out: BigUint64Array, mod: BigUint64Array): void {
  for (let byte = 0; byte < 256; byte++) {
    const value = BigInt(byte);
    out[byte] = remainder(value << BigInt(8 * WINDOW), polynomial);
    mod[byte] = remainder(value << BigInt(DEGREE), polynomial) | (value << BigInt(DEGREE));
  }
}
