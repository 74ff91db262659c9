// AssemblyScript, compiled to kernel.wasm: Poly1305 (RFC 8439, section 2.5), counter blocks, XOR.
// The accumulator and r are kept as five limbs of 26 bits, so that products of limbs, summed, fit
// 64 bits. Long messages run in four lanes: lane j takes the blocks j, j+4, j+8 ..., multiplied by
// r^4 a step; at the end the lanes are multiplied by r^4, r^3, r^2, r and added up.

/** Bytes that DATA and STREAM hold. */
export const CAPACITY: i32 = 32768;
/** What is authenticated and XORed. */
export const DATA: usize = memory.data(32768, 16);
/** The key stream; before that, the counter blocks it is made of. */
export const STREAM: usize = memory.data(32768, 16);
/** In: the one-time key, r ‖ s (32). Out: the tag (16). */
export const KEY: usize = memory.data(32, 16);
/** In: the next counter block (16). */
export const IV: usize = memory.data(16, 16);

// Powers of r, each five limbs as u32 with a gap of 16 bytes.
const R1: usize = memory.data(80, 16);
const R2: usize = memory.data(80, 16);
const R3: usize = memory.data(80, 16);
const R4: usize = memory.data(80, 16);
// r^4 r^3 r^2 r^1 as the lanes of five vectors.
const RL: usize = memory.data(80, 16);
const BLOCK: usize = memory.data(16, 16);

const MASK: u64 = 0x3ffffff;

let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
let h4: u64 = 0;
let powersKnown: bool = false;

// @ts-ignore: decorator
@inline
function limb(power: usize, i: i32): u64 {
  return <u64>load<u32>(power + (<usize>i << 4));
}

/** h = h * power, limbs back to (about) 26 bits. */
function multiply(power: usize): void {
  const r0 = limb(power, 0);
  const r1 = limb(power, 1);
  const r2 = limb(power, 2);
  const r3 = limb(power, 3);
  const r4 = limb(power, 4);
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
  const d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2 + (d0 >> 26);
  const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3 + (d1 >> 26);
  const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4 + (d2 >> 26);
  const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + (d3 >> 26);
  const c = (d0 & MASK) + (d4 >> 26) * 5;
  h0 = c & MASK;
  h1 = (d1 & MASK) + (c >> 26);
  h2 = d2 & MASK;
  h3 = d3 & MASK;
  h4 = d4 & MASK;
}

function storePower(power: usize): void {
  store<u32>(power, <u32>h0);
  store<u32>(power + 16, <u32>h1);
  store<u32>(power + 32, <u32>h2);
  store<u32>(power + 48, <u32>h3);
  store<u32>(power + 64, <u32>h4);
}

function storeLanes(): void {
  for (let i: usize = 0; i < 80; i += 16) {
    store<u32>(RL + i, load<u32>(R4 + i));
    store<u32>(RL + i + 4, load<u32>(R3 + i));
    store<u32>(RL + i + 8, load<u32>(R2 + i));
    store<u32>(RL + i + 12, load<u32>(R1 + i));
  }
}

/** Computes the powers of r that the lanes need; keeps the accumulator. */
function computePowers(): void {
  const k0 = h0;
  const k1 = h1;
  const k2 = h2;
  const k3 = h3;
  const k4 = h4;
  h0 = limb(R1, 0);
  h1 = limb(R1, 1);
  h2 = limb(R1, 2);
  h3 = limb(R1, 3);
  h4 = limb(R1, 4);
  multiply(R1);
  storePower(R2);
  multiply(R1);
  storePower(R3);
  multiply(R1);
  storePower(R4);
  storeLanes();
  h0 = k0;
  h1 = k1;
  h2 = k2;
  h3 = k3;
  h4 = k4;
  powersKnown = true;
}

/** Starts a message under the one-time key at KEY. */
export function begin(): void {
  const lo = load<u64>(KEY) & 0x0ffffffc0fffffff;
  const hi = load<u64>(KEY, 8) & 0x0ffffffc0ffffffc;
  h0 = lo & MASK;
  h1 = (lo >> 26) & MASK;
  h2 = ((lo >> 52) | (hi << 12)) & MASK;
  h3 = (hi >> 14) & MASK;
  h4 = hi >> 40;
  storePower(R1);
  h0 = h1 = h2 = h3 = h4 = 0;
  powersKnown = false;
}

// @ts-ignore: decorator
@inline
function absorb(at: usize, high: u64): void {
  const lo = load<u64>(at);
  const hi = load<u64>(at, 8);
  h0 += lo & MASK;
  h1 += (lo >> 26) & MASK;
  h2 += ((lo >> 52) | (hi << 12)) & MASK;
  h3 += (hi >> 14) & MASK;
  h4 += (hi >> 40) | high;
  multiply(R1);
}

// @ts-ignore: decorator
@inline
function splatLimb(power: usize, i: usize): v128 {
  return v128.load32_splat(power + (i << 4));
}

// @ts-ignore: decorator
@inline
function times5(v: v128): v128 {
  return i32x4.add(v, i32x4.shl(v, 2));
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i64x2.extmul_low_i32x4_u(a, b);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i64x2.extmul_high_i32x4_u(a, b);
}

// @ts-ignore: decorator
@inline
function sum5(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  return i64x2.add(i64x2.add(i64x2.add(a, b), i64x2.add(c, d)), e);
}

// @ts-ignore: decorator
@inline
function sumLanes(lo: v128, hi: v128): u64 {
  const both = i64x2.add(lo, hi);
  return i64x2.extract_lane(both, 0) + i64x2.extract_lane(both, 1);
}

/** Absorbs `length` bytes at `at`, a multiple of 64 and not 0, four blocks at a time. */
function absorbLanes(at: usize, length: usize): void {
  if (!powersKnown) computePowers();
  const end = at + length;
  const mask32 = i32x4.splat(0x3ffffff);
  const mask64 = i64x2.splat(0x3ffffff);
  let r0 = splatLimb(R4, 0);
  let r1 = splatLimb(R4, 1);
  let r2 = splatLimb(R4, 2);
  let r3 = splatLimb(R4, 3);
  let r4 = splatLimb(R4, 4);
  let s1 = times5(r1);
  let s2 = times5(r2);
  let s3 = times5(r3);
  let s4 = times5(r4);
  // What came before belongs to the first block, which is in lane 0.
  let v0 = i32x4.replace_lane(i32x4.splat(0), 0, <i32>h0);
  let v1 = i32x4.replace_lane(i32x4.splat(0), 0, <i32>h1);
  let v2 = i32x4.replace_lane(i32x4.splat(0), 0, <i32>h2);
  let v3 = i32x4.replace_lane(i32x4.splat(0), 0, <i32>h3);
  let v4 = i32x4.replace_lane(i32x4.splat(0), 0, <i32>h4);
  while (true) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const ab = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
    const w0 = v128.shuffle<u64>(ab, cd, 0, 2);
    const w1 = v128.shuffle<u64>(ab, cd, 1, 3);
    const w2 = v128.shuffle<u64>(abHigh, cdHigh, 0, 2);
    const w3 = v128.shuffle<u64>(abHigh, cdHigh, 1, 3);
    v0 = i32x4.add(v0, v128.and(w0, mask32));
    v1 = i32x4.add(v1, v128.and(v128.or(i32x4.shr_u(w0, 26), i32x4.shl(w1, 6)), mask32));
    v2 = i32x4.add(v2, v128.and(v128.or(i32x4.shr_u(w1, 20), i32x4.shl(w2, 12)), mask32));
    v3 = i32x4.add(v3, v128.and(v128.or(i32x4.shr_u(w2, 14), i32x4.shl(w3, 18)), mask32));
    v4 = i32x4.add(v4, v128.or(i32x4.shr_u(w3, 8), i32x4.splat(1 << 24)));
    at += 64;
    if (at == end) break;
    let x0 = sum5(low(v0, r0), low(v1, s4), low(v2, s3), low(v3, s2), low(v4, s1));
    let y0 = sum5(high(v0, r0), high(v1, s4), high(v2, s3), high(v3, s2), high(v4, s1));
    let x1 = sum5(low(v0, r1), low(v1, r0), low(v2, s4), low(v3, s3), low(v4, s2));
    let y1 = sum5(high(v0, r1), high(v1, r0), high(v2, s4), high(v3, s3), high(v4, s2));
    let x2 = sum5(low(v0, r2), low(v1, r1), low(v2, r0), low(v3, s4), low(v4, s3));
    let y2 = sum5(high(v0, r2), high(v1, r1), high(v2, r0), high(v3, s4), high(v4, s3));
    let x3 = sum5(low(v0, r3), low(v1, r2), low(v2, r1), low(v3, r0), low(v4, s4));
    let y3 = sum5(high(v0, r3), high(v1, r2), high(v2, r1), high(v3, r0), high(v4, s4));
    let x4 = sum5(low(v0, r4), low(v1, r3), low(v2, r2), low(v3, r1), low(v4, r0));
    let y4 = sum5(high(v0, r4), high(v1, r3), high(v2, r2), high(v3, r1), high(v4, r0));
    // Two carry chains side by side, 3 → 4 → 0 → 1 and 0 → 1 → 2 → 3 → 4.
    x1 = i64x2.add(x1, i64x2.shr_u(x0, 26));
    y1 = i64x2.add(y1, i64x2.shr_u(y0, 26));
    x4 = i64x2.add(x4, i64x2.shr_u(x3, 26));
    y4 = i64x2.add(y4, i64x2.shr_u(y3, 26));
    x0 = v128.and(x0, mask64);
    y0 = v128.and(y0, mask64);
    x3 = v128.and(x3, mask64);
    y3 = v128.and(y3, mask64);
    x2 = i64x2.add(x2, i64x2.shr_u(x1, 26));
    y2 = i64x2.add(y2, i64x2.shr_u(y1, 26));
    const xc = i64x2.shr_u(x4, 26);
    const yc = i64x2.shr_u(y4, 26);
    x0 = i64x2.add(x0, i64x2.add(xc, i64x2.shl(xc, 2)));
    y0 = i64x2.add(y0, i64x2.add(yc, i64x2.shl(yc, 2)));
    x1 = v128.and(x1, mask64);
    y1 = v128.and(y1, mask64);
    x4 = v128.and(x4, mask64);
    y4 = v128.and(y4, mask64);
    x3 = i64x2.add(x3, i64x2.shr_u(x2, 26));
    y3 = i64x2.add(y3, i64x2.shr_u(y2, 26));
    x1 = i64x2.add(x1, i64x2.shr_u(x0, 26));
    y1 = i64x2.add(y1, i64x2.shr_u(y0, 26));
    x4 = i64x2.add(x4, i64x2.shr_u(x3, 26));
    y4 = i64x2.add(y4, i64x2.shr_u(y3, 26));
    v0 = v128.and(v128.shuffle<u32>(x0, y0, 0, 2, 4, 6), mask32);
    v1 = v128.shuffle<u32>(x1, y1, 0, 2, 4, 6);
    v2 = v128.and(v128.shuffle<u32>(x2, y2, 0, 2, 4, 6), mask32);
    v3 = v128.and(v128.shuffle<u32>(x3, y3, 0, 2, 4, 6), mask32);
    v4 = v128.shuffle<u32>(x4, y4, 0, 2, 4, 6);
  }
  r0 = v128.load(RL);
  r1 = v128.load(RL, 16);
  r2 = v128.load(RL, 32);
  r3 = v128.load(RL, 48);
  r4 = v128.load(RL, 64);
  s1 = times5(r1);
  s2 = times5(r2);
  s3 = times5(r3);
  s4 = times5(r4);
  const d0 = sumLanes(
    sum5(low(v0, r0), low(v1, s4), low(v2, s3), low(v3, s2), low(v4, s1)),
    sum5(high(v0, r0), high(v1, s4), high(v2, s3), high(v3, s2), high(v4, s1)),
  );
  let d1 = sumLanes(
    sum5(low(v0, r1), low(v1, r0), low(v2, s4), low(v3, s3), low(v4, s2)),
    sum5(high(v0, r1), high(v1, r0), high(v2, s4), high(v3, s3), high(v4, s2)),
  );
  let d2 = sumLanes(
    sum5(low(v0, r2), low(v1, r1), low(v2, r0), low(v3, s4), low(v4, s3)),
    sum5(high(v0, r2), high(v1, r1), high(v2, r0), high(v3, s4), high(v4, s3)),
  );
  let d3 = sumLanes(
    sum5(low(v0, r3), low(v1, r2), low(v2, r1), low(v3, r0), low(v4, s4)),
    sum5(high(v0, r3), high(v1, r2), high(v2, r1), high(v3, r0), high(v4, s4)),
  );
  let d4 = sumLanes(
    sum5(low(v0, r4), low(v1, r3), low(v2, r2), low(v3, r1), low(v4, r0)),
    sum5(high(v0, r4), high(v1, r3), high(v2, r2), high(v3, r1), high(v4, r0)),
  );
  d1 += d0 >> 26;
  d2 += d1 >> 26;
  d3 += d2 >> 26;
  d4 += d3 >> 26;
  const first = (d0 & MASK) + (d4 >> 26) * 5;
  h0 = first & MASK;
  h1 = (d1 & MASK) + (first >> 26);
  h2 = d2 & MASK;
  h3 = d3 & MASK;
  h4 = d4 & MASK;
}

/** Below this the powers of r cost more than the lanes save. */
const WORTH_LANES: usize = 256;

/** Absorbs the first `length` bytes of DATA; a multiple of 16 except at the message's end. */
export function update(length: i32): void {
  let at = DATA;
  let left = <usize>length;
  if (left >= WORTH_LANES) {
    const inLanes = left & ~63;
    absorbLanes(at, inLanes);
    at += inLanes;
    left -= inLanes;
  }
  while (left >= 16) {
    absorb(at, 1 << 24);
    at += 16;
    left -= 16;
  }
  if (left > 0) {
    v128.store(BLOCK, i64x2.splat(0));
    memory.copy(BLOCK, at, left);
    store<u8>(BLOCK + left, 1);
    absorb(BLOCK, 0);
  }
}

/** Writes the message's tag to KEY. */
export function finish(): void {
  h2 += h1 >> 26;
  h1 &= MASK;
  h3 += h2 >> 26;
  h2 &= MASK;
  h4 += h3 >> 26;
  h3 &= MASK;
  h0 += (h4 >> 26) * 5;
  h4 &= MASK;
  h1 += h0 >> 26;
  h0 &= MASK;
  h2 += h1 >> 26;
  h1 &= MASK;
  // g = h + 5 - 2^130: if that is not negative, h was not below p and g is h mod p.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 26);
  const g2 = h2 + (g1 >> 26);
  const g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26);
  const take = <u64>0 - (g4 >> 26);
  h0 = (h0 & ~take) | (g0 & MASK & take);
  h1 = (h1 & ~take) | (g1 & MASK & take);
  h2 = (h2 & ~take) | (g2 & MASK & take);
  h3 = (h3 & ~take) | (g3 & MASK & take);
  h4 = (h4 & ~take) | (g4 & MASK & take);
  const lo = h0 | (h1 << 26) | (h2 << 52);
  const hi = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const sumLow = lo + load<u64>(KEY, 16);
  const carry = u64(sumLow < lo);
  store<u64>(KEY, sumLow);
  store<u64>(KEY, hi + load<u64>(KEY, 24) + carry, 8);
}

// @ts-ignore: decorator
@inline
function reversed(v: v128): v128 {
  return i8x16.shuffle(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** Fills STREAM with `blocks` counter blocks, 128-bit big-endian numbers from IV on; IV counts on. */
export function fillCounters(blocks: i32): void {
  let hi = bswap(load<u64>(IV));
  let lo = bswap(load<u64>(IV, 8));
  const end = STREAM + (<usize>blocks << 4);
  for (let at = STREAM; at < end; at += 16) {
    const counter = i64x2.replace_lane(i64x2.splat(lo), 1, hi);
    v128.store(at, reversed(counter));
    lo++;
    hi += u64(lo == 0);
  }
  store<u64>(IV, bswap(hi));
  store<u64>(IV, bswap(lo), 8);
}

/** XORs the first `length` bytes of STREAM into DATA (rounded up to 16). */
export function xorStream(length: i32): void {
  for (let i: usize = 0; i < <usize>length; i += 16) {
    v128.store(DATA + i, v128.xor(v128.load(DATA + i), v128.load(STREAM + i)));
  }
}
