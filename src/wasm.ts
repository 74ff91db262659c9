import { readFileSync } from "node:fs";
import { ClawbackError, errno } from "./errors.ts";

/** The part of the WebAssembly interface that is used here; no library of TypeScript's fits Node. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
  Memory: new (size: { initial: number }) => WasmMemory;
};

/** A constant that a module exports. */
export interface WasmGlobal {
  readonly value: number;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

const WASM_PAGE = 65536;

/** Zeros that begin at a page of memory, which Node's own buffers do not: the kernel asks for it here and there. */
export function pageAligned(length: number): Uint8Array {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(length / WASM_PAGE) });
  return new Uint8Array(buffer, 0, length);
}

/**
 * A fresh instance, with memory of its own, of a compiled module that imports nothing.
 * @param url the .wasm file
 * @throws ClawbackError `E_FAILED` when the file has not been built
 */
export function loadWasm<Exports extends object>(url: URL): Exports {
  let bytes;
  try {
    bytes = readFileSync(url);
  } catch (cause) {
    if (errno(cause) !== "ENOENT") throw cause;
    const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    const hint = "In a source tree, run `npm run build`; otherwise install Clawback again.";
    throw new ClawbackError("E_FAILED", `${name} is missing from this installation`, {
      hint,
      cause,
    });
  }
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}
