import { loadWasm, type WasmGlobal, type WasmMemory } from "../wasm.ts";

interface KernelExports {
  readonly memory: WasmMemory;
  readonly CAPACITY: WasmGlobal;
  readonly DATA: WasmGlobal;
  readonly STREAM: WasmGlobal;
  readonly KEY: WasmGlobal;
  readonly IV: WasmGlobal;
  /** Starts a Poly1305 message under the key at `key`. */
  begin(): void;
  /** Absorbs so many bytes of `data`: a multiple of 16 except at the message's end. */
  update(length: number): void;
  /** Writes the tag to the first 16 bytes of `key`. */
  finish(): void;
  /** Fills `stream` with so many counter blocks from `iv` on, and lets `iv` count on. */
  fillCounters(blocks: number): void;
  /** XORs so many bytes of `stream` into `data`. */
  xorStream(length: number): void;
}

/** The functions of kernel.as.ts beside views on the places in memory that they work on. */
export type Kernel = ReturnType<typeof loadKernel>;

/** A kernel of its own; a thread needs one only, see `kernel`. */
function loadKernel() {
  const code = loadWasm<KernelExports>(new URL("./kernel.wasm", import.meta.url));
  const capacity = code.CAPACITY.value;
  const view = (at: WasmGlobal, length: number) =>
    new Uint8Array(code.memory.buffer, at.value, length);
  return {
    code,
    /** Bytes that `data` and `stream` hold; a multiple of 16. */
    capacity,
    data: view(code.DATA, capacity),
    stream: view(code.STREAM, capacity),
    key: view(code.KEY, 32),
    iv: view(code.IV, 16),
  };
}

let loaded: Kernel | undefined;

/**
 * This thread's kernel. Its memory keeps nothing between two calls of a function that uses it, so
 * that all share one.
 * @throws ClawbackError `E_FAILED` when kernel.wasm has not been built
 */
export function kernel(): Kernel {
  loaded ??= loadKernel();
  return loaded;
}
