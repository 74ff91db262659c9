// AssemblyScript, compiled to json.wasm: says whether bytes are JSON (RFC 8259), value by value or
// line by line, as they stream by. It builds nothing: whatever is in a file, it takes no memory.

/** Bytes that DATA holds. */
export const CAPACITY: i32 = 65536;
export const DATA: usize = memory.data(65536, 16);
/** A bit for each open bracket: 1 for an object. Deeper nesting than this is called damage. */
const MAX_DEPTH: i32 = 524288;
const STACK: usize = memory.data(65536, 16);

// What may come next.
const VALUE: i32 = 0;
const FIRST_VALUE: i32 = 1;
const KEY: i32 = 2;
const FIRST_KEY: i32 = 3;
const COLON: i32 = 4;
/** A comma or the closing bracket. */
const AFTER: i32 = 5;
/** White space alone. */
const DONE: i32 = 6;
const STRING: i32 = 7;
const ESCAPE: i32 = 8;
const HEX: i32 = 9;
const LITERAL: i32 = 10;
const MINUS: i32 = 11;
const DOT: i32 = 12;
const EXPONENT: i32 = 13;
const EXPONENT_SIGN: i32 = 14;
/** From here on up to FAILED a number is whole, and may go on. */
const ZERO: i32 = 15;
const INTEGER: i32 = 16;
const FRACTION: i32 = 17;
const EXPONENT_DIGITS: i32 = 18;
const FAILED: i32 = 19;

let byLine: bool = false;
let state: i32 = VALUE;
let depth: i32 = 0;
let inObject: bool = false;
/** The string under way is a key. */
let isKey: bool = false;
let hexLeft: i32 = 0;
/** The letters of `true`, `false` or `null` that are still to come, the next one lowest. */
let letters: u32 = 0;

let lines: f64 = 0;
let damaged: f64 = 0;
let newlines: f64 = 0;
let firstDamaged: f64 = 0;
let before: f64 = 0;
let failedAt: f64 = -1;

/** @param lineByLine one value a line, as against one in all */
export function begin(lineByLine: bool): void {
  byLine = lineByLine;
  lines = damaged = newlines = firstDamaged = before = 0;
  failedAt = -1;
  beginValue();
}

/** Looks at the first bytes of DATA. */
export function feed(length: i32): void {
  const end = DATA + <usize>length;
  let at = DATA;
  while (at < end) {
    if (state == STRING) {
      at = skipString(at, end);
      if (at == end) break;
      const c = load<u8>(at);
      if (c == 0x22) {
        state = isKey ? COLON : depth == 0 ? DONE : AFTER;
        at++;
      } else if (c == 0x5c) {
        state = ESCAPE;
        at++;
      } else {
        fail(at);
      }
      continue;
    }
    if (state == FAILED) {
      if (!byLine) break;
      at = skipLine(at, end);
      if (at == end) break;
    }
    const c = load<u8>(at);
    if (c == 0x0a && byLine) {
      endLine();
      at++;
      continue;
    }
    if (state >= ZERO && !continues(c)) state = depth == 0 ? DONE : AFTER;
    if (state <= DONE && (c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09)) at++;
    else if (step(c)) at++;
    else fail(at);
  }
  before += <f64>length;
}

/** After the last bytes: 0 all is well, 1 the last value or line breaks off or is wrong, 2 there was none. */
export function finish(): i32 {
  if (isBlank()) return 2;
  if (!isWhole()) return 1;
  lines++;
  return 0;
}

/** Lines that are not blank and ended with a newline, or whole. */
export function lineCount(): f64 {
  return lines;
}

/** Those of them that are no JSON. */
export function damagedCount(): f64 {
  return damaged;
}

/** Number of the first of those, from 1 and blank ones counted. */
export function firstDamagedLine(): f64 {
  return firstDamaged;
}

/** Where the value stopped being JSON; negative: nowhere yet. */
export function failureOffset(): f64 {
  return failedAt;
}

function beginValue(): void {
  state = VALUE;
  depth = 0;
  inObject = false;
}

function isBlank(): bool {
  return state == VALUE && depth == 0;
}

function isWhole(): bool {
  return depth == 0 && (state == DONE || (state >= ZERO && state < FAILED));
}

function endLine(): void {
  newlines++;
  if (!isBlank()) {
    lines++;
    if (!isWhole()) {
      damaged++;
      if (damaged == 1) firstDamaged = newlines;
    }
  }
  beginValue();
}

function fail(at: usize): void {
  state = FAILED;
  if (failedAt < 0) failedAt = before + <f64>(at - DATA);
}

/** The next byte that is no plain part of a string: a quote, a backslash or a control character. */
function skipString(from: usize, end: usize): usize {
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.load(at);
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(special);
    if (mask != 0) return at + <usize>ctz(mask);
  }
  for (; at < end; at++) {
    const c = load<u8>(at);
    if (c == 0x22 || c == 0x5c || c < 0x20) break;
  }
  return at;
}

function skipLine(from: usize, end: usize): usize {
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x0a)));
    if (mask != 0) return at + <usize>ctz(mask);
  }
  while (at < end && load<u8>(at) != 0x0a) at++;
  return at;
}

// @ts-ignore: decorator
@inline
function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

/** Whether a whole number goes on with this. */
function continues(c: u8): bool {
  if (state == FAILED) return true;
  if (isDigit(c)) return state != ZERO;
  if (c == 0x2e) return state <= INTEGER;
  return (c | 0x20) == 0x65 && state <= FRACTION;
}

/** One byte that is no white space between values. @returns false when it may not stand there */
function step(c: u8): bool {
  switch (state) {
    case FIRST_VALUE:
      if (c == 0x5d) return close();
      return value(c);
    case VALUE:
      return value(c);
    case FIRST_KEY:
      if (c == 0x7d) return close();
      return key(c);
    case KEY:
      return key(c);
    case COLON:
      state = VALUE;
      return c == 0x3a;
    case AFTER:
      if (c == 0x2c) {
        state = inObject ? KEY : VALUE;
        return true;
      }
      return c == (inObject ? 0x7d : 0x5d) && close();
    case ESCAPE:
      return escape(c);
    case HEX:
      if (--hexLeft == 0) state = STRING;
      return isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
    case LITERAL:
      if (c != <u8>letters) return false;
      letters >>= 8;
      if (letters == 0) state = depth == 0 ? DONE : AFTER;
      return true;
    case MINUS:
      state = c == 0x30 ? ZERO : INTEGER;
      return isDigit(c);
    case DOT:
      state = FRACTION;
      return isDigit(c);
    case EXPONENT:
      state = isDigit(c) ? EXPONENT_DIGITS : EXPONENT_SIGN;
      return isDigit(c) || c == 0x2b || c == 0x2d;
    case EXPONENT_SIGN:
      state = EXPONENT_DIGITS;
      return isDigit(c);
    case ZERO:
    case INTEGER:
    case FRACTION:
    case EXPONENT_DIGITS:
      if (c == 0x2e) state = DOT;
      else if ((c | 0x20) == 0x65) state = EXPONENT;
      return true;
    default:
      return false;
  }
}

function value(c: u8): bool {
  switch (c) {
    case 0x22:
      isKey = false;
      state = STRING;
      return true;
    case 0x7b:
      return open(true);
    case 0x5b:
      return open(false);
    case 0x2d:
      state = MINUS;
      return true;
    case 0x30:
      state = ZERO;
      return true;
    case 0x74:
      return literal(0x657572);
    case 0x66:
      return literal(0x65736c61);
    case 0x6e:
      return literal(0x6c6c75);
    default:
      state = INTEGER;
      return isDigit(c);
  }
}

function literal(rest: u32): bool {
  letters = rest;
  state = LITERAL;
  return true;
}

function key(c: u8): bool {
  isKey = true;
  state = STRING;
  return c == 0x22;
}

function escape(c: u8): bool {
  state = STRING;
  switch (c) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    case 0x75:
      hexLeft = 4;
      state = HEX;
      return true;
    default:
      return false;
  }
}

function bitOf(level: i32): u32 {
  return <u32>1 << <u32>(level & 7);
}

function open(object: bool): bool {
  if (depth == MAX_DEPTH) return false;
  const at = STACK + <usize>(depth >> 3);
  const bit = bitOf(depth);
  const bits = <u32>load<u8>(at);
  store<u8>(at, object ? bits | bit : bits & ~bit);
  depth++;
  inObject = object;
  state = object ? FIRST_KEY : FIRST_VALUE;
  return true;
}

function close(): bool {
  depth--;
  if (depth == 0) {
    state = DONE;
    return true;
  }
  const above = depth - 1;
  inObject = (<u32>load<u8>(STACK + <usize>(above >> 3)) & bitOf(above)) != 0;
  state = AFTER;
  return true;
}
