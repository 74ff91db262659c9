import { randomFillSync } from "node:crypto";
import { ClawbackError } from "../errors.ts";

// Polynomials over GF(2) are bigints: bit i is the coefficient of x^i.

/** The degree of every repository's polynomial. */
export const DEGREE = 53;

/** Degree of a polynomial; -1 for 0. */
export function degree(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

/** Remainder of a division over GF(2). */
export function remainder(dividend: bigint, divisor: bigint): bigint {
  const size = degree(divisor);
  let rest = dividend;
  for (let excess = degree(rest) - size; excess >= 0; excess = degree(rest) - size) {
    rest ^= divisor << BigInt(excess);
  }
  return rest;
}

function square(polynomial: bigint, modulus: bigint): bigint {
  // Over GF(2) squaring spreads the bits: (Σ x^i)² = Σ x^2i.
  return remainder(BigInt(`0b${polynomial.toString(2).split("").join("0")}`), modulus);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, remainder(a, b));
}

/**
 * Whether a polynomial has no proper divisor (Ben-Or's test: it has none of degree i when it shares
 * none with x^(2^i) - x, for all i up to half its degree).
 */
export function isIrreducible(polynomial: bigint): boolean {
  const size = degree(polynomial);
  if (size < 1) return false;
  let power = 2n;
  for (let i = 1; i <= size >> 1; i++) {
    power = square(power, polynomial);
    if (greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false;
  }
  return true;
}

/**
 * A random irreducible polynomial of degree 53, as each repository has one of its own.
 * @param random fills what it is given with random bytes
 */
export function randomPolynomial(
  random: (bytes: Uint8Array) => void = (bytes) => void randomFillSync(bytes),
): bigint {
  const bytes = new Uint8Array(8);
  // About one in 53 is irreducible.
  for (;;) {
    random(bytes);
    const drawn = new DataView(bytes.buffer).getBigUint64(0);
    const candidate = BigInt.asUintN(DEGREE, drawn) | (1n << BigInt(DEGREE)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

/** The spelling of a repository's config: hexadecimal, without a prefix. */
export function formatPolynomial(polynomial: bigint): string {
  return polynomial.toString(16);
}

/**
 * Reads a polynomial from a config.
 * @throws ClawbackError `E_REPO_FORMAT` when it is none, or one that cannot cut files
 */
export function parsePolynomial(text: string): bigint {
  const polynomial = /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : 0n;
  if (degree(polynomial) !== DEGREE || !isIrreducible(polynomial)) {
    throw new ClawbackError("E_REPO_FORMAT", "the config's chunker polynomial is not usable");
  }
  return polynomial;
}
