import { concat } from "../bytes.ts";
import { Compressor, decompressUnknown } from "../compression/zstd.ts";
import { ClawbackError } from "../errors.ts";

const VERSIONED = 2;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** No index or snapshot is larger; a hostile one may not fill the memory. */
const MAX_PLAIN = 1 << 30;

/**
 * The plain form of an index, snapshot or lock before it is sealed: 0x02 ‖ zstd(JSON)
 * (restic design, "Unpacked data format"; a version 1 repository holds the JSON itself).
 */
export function wrapUnpacked(json: Uint8Array, version: 1 | 2): Uint8Array {
  if (version === 1) return json;
  const frame = new Compressor().compress(json);
  if (frame !== undefined) return concat([new Uint8Array([VERSIONED]), frame]);
  // Tiny or random: does not shrink. The bare JSON is legal as well.
  return json;
}

/** @throws E_DAMAGED */
export function unwrapUnpacked(plain: Uint8Array): Uint8Array {
  switch (plain[0]) {
    case OPEN_BRACE:
    case OPEN_BRACKET:
      return plain;
    case VERSIONED:
      return decompressUnknown(plain.subarray(1), MAX_PLAIN);
    default:
      throw new ClawbackError("E_DAMAGED", "a metadata file has an unknown encoding");
  }
}
