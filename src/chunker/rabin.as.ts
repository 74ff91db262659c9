// AssemblyScript, compiled to rabin.wasm: finds the first place where a Rabin fingerprint of the
// last 64 bytes is zero in the bits of a mask. One step needs the result of the step before, so four
// places of the data are worked on side by side.

/** Bytes that DATA holds. */
export const CAPACITY: i32 = 65600;
export const DATA: usize = memory.data(65600, 16);
/** In: 256 × u64, fingerprint of byte b followed by 64 zero bytes, so that it takes b out. */
export const OUT_TABLE: usize = memory.data(2048, 16);
/** In: 256 × u64, what reduces a fingerprint whose 8 bits above the degree are b. */
export const MOD_TABLE: usize = memory.data(2048, 16);

const WINDOW: usize = 64;
/** The polynomial's degree, which is always 53, less the 8 bits of a byte. */
const SHIFT: u64 = 45;
const LANES: usize = 4;

// @ts-ignore: decorator
@inline
function append(digest: u64, byte: u64): u64 {
  return ((digest << 8) | byte) ^ load<u64>(MOD_TABLE + (<usize>(digest >> SHIFT) << 3));
}

// @ts-ignore: decorator
@inline
function slide(digest: u64, at: usize): u64 {
  const gone = load<u64>(OUT_TABLE + (<usize>load<u8>(at - WINDOW) << 3));
  return append(digest, <u64>load<u8>(at)) ^ gone;
}

function windowBefore(at: usize): u64 {
  let digest: u64 = 0;
  for (let i = at - WINDOW; i < at; i++) digest = append(digest, <u64>load<u8>(i));
  return digest;
}

function scanOne(from: usize, to: usize, mask: u64): usize {
  let digest = windowBefore(from);
  for (let at = from; at < to; at++) {
    digest = slide(digest, at);
    if ((digest & mask) == 0) return at;
  }
  return to;
}

/**
 * Index in DATA of the first byte at or after `from` (at least 64) that ends a chunk, or `to` when
 * none before `to` does.
 */
export function scan(from: i32, to: i32, mask: i32): i32 {
  const begin = DATA + <usize>from;
  const end = DATA + <usize>to;
  const m = <u64>mask;
  const lane = (end - begin) / LANES;
  let scanned = begin;
  if (lane >= 4 * WINDOW) {
    scanned = begin + lane * LANES;
    let d0 = windowBefore(begin);
    let d1 = windowBefore(begin + lane);
    let d2 = windowBefore(begin + lane * 2);
    let d3 = windowBefore(begin + lane * 3);
    for (let at = begin; at < begin + lane; at++) {
      d0 = slide(d0, at);
      d1 = slide(d1, at + lane);
      d2 = slide(d2, at + lane * 2);
      d3 = slide(d3, at + lane * 3);
      if (i32((d0 & m) == 0) | i32((d1 & m) == 0) | i32((d2 & m) == 0) | i32((d3 & m) == 0)) {
        // Rare. Which is first is for a plain scan to say: an earlier lane may yet find one.
        scanned = begin;
        break;
      }
    }
  }
  return <i32>(scanOne(scanned, end, m) - DATA);
}
