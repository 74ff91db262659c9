import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";

/**
 * A zstd context that lives on. Node's public calls make one each time, which for 4 KiB costs four
 * times the compression itself; its streams keep one, in fields that are not public. So these are
 * tried out before use, and whoever gets `undefined` takes the public calls.
 */
export interface ZstdHandle {
  /** One whole frame. Returns the bytes written to `out`, or -1 for an error or an `out` that filled. */
  run(input: Uint8Array, out: Uint8Array): number;
}

/** The private fields of a zlib stream that are used here. */
interface Internals {
  readonly _handle: {
    onerror: (message: string) => void;
    writeSync(
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      out: Uint8Array,
      outOffset: number,
      outLength: number,
    ): void;
  };
  /** What the last write left: room in `out`, bytes of `input`. */
  readonly _writeState: Uint32Array;
}

/** A handle that compresses, or undefined where this Node has none that works. */
export function compressorHandle(level: number): ZstdHandle | undefined {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const handle = handleOf(createZstdCompress({ params }));
  return handle && samples().every((plain) => works(handle, plain, zstdDecompressSync))
    ? handle
    : undefined;
}

/** A handle that decompresses, or undefined where this Node has none that works. */
export function decompressorHandle(): ZstdHandle | undefined {
  const handle = handleOf(createZstdDecompress());
  return handle &&
    samples().every((plain) => works(handle, zstdCompressSync(plain), zstdCompressSync))
    ? handle
    : undefined;
}

function isInternals(stream: object): stream is Internals {
  if (!("_handle" in stream && "_writeState" in stream)) return false;
  const handle: unknown = stream._handle;
  return (
    stream._writeState instanceof Uint32Array &&
    stream._writeState.length === 2 &&
    typeof handle === "object" &&
    handle !== null &&
    "writeSync" in handle &&
    typeof handle.writeSync === "function" &&
    "onerror" in handle &&
    typeof handle.onerror === "function"
  );
}

function handleOf(stream: object): ZstdHandle | undefined {
  if (!isInternals(stream)) return undefined;
  const { _handle: handle, _writeState: state } = stream;
  let failed = false;
  handle.onerror = () => {
    failed = true;
  };
  return {
    run(input, out) {
      failed = false;
      state[0] = out.length;
      state[1] = input.length;
      handle.writeSync(constants.ZSTD_e_end, input, 0, input.length, out, 0, out.length);
      const room = state[0];
      return failed || room === 0 || state[1] !== 0 ? -1 : out.length - room;
    },
  };
}

/** Two, as the second frame is the one that an unsuitable context spoils. */
function samples(): Buffer[] {
  return ["clawback", "and once more"].map((text) => Buffer.from(text.repeat(100)));
}

/** Whether `input` through the handle is what `inverse` makes `input` of again. */
function works(
  handle: ZstdHandle,
  input: Buffer,
  inverse: (output: Uint8Array) => Uint8Array,
): boolean {
  const out = Buffer.alloc(4096);
  try {
    const length = handle.run(input, out);
    return length > 0 && input.equals(inverse(out.subarray(0, length)));
  } catch {
    return false;
  }
}
