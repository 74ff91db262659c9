import { expect, test } from "vitest";
import {
  formatPolynomial,
  isIrreducible,
  parsePolynomial,
  randomPolynomial,
  remainder,
} from "./polynomial.ts";

/** Trial division by everything smaller. */
function hasNoDivisor(polynomial: bigint): boolean {
  for (let divisor = 2n; divisor < polynomial; divisor++) {
    if (remainder(polynomial, divisor) === 0n) return false;
  }
  return true;
}

test("irreducible is what nothing divides", () => {
  for (let polynomial = 2n; polynomial < 1024n; polynomial++) {
    expect(isIrreducible(polynomial), polynomial.toString(2)).toBe(hasNoDivisor(polynomial));
  }
  expect(isIrreducible(0n)).toBe(false);
  expect(isIrreducible(1n)).toBe(false);
});

test("polynomials in use are irreducible, their neighbours are not", () => {
  expect(isIrreducible(0x3da3358b4dc173n)).toBe(true);
  expect(isIrreducible(0x3da3358b4dc172n)).toBe(false);
  // (x^53 with its last bit) · … : the product of two irreducible ones.
  expect(isIrreducible(0x3da3358b4dc171n)).toBe(false);
});

test("random polynomials have degree 53, differ, and survive the config", () => {
  const drawn = Array.from({ length: 20 }, () => randomPolynomial());
  expect(new Set(drawn).size).toBe(20);
  for (const polynomial of drawn) {
    expect(polynomial >> 53n).toBe(1n);
    expect(parsePolynomial(formatPolynomial(polynomial))).toBe(polynomial);
  }
});

test.each(["", "0", "3", "0x3da3358b4dc173", "3da3358b4dc172", "ffffffffffffffffff", "zz"])(
  "%j is refused",
  (text) => {
    expect(() => parsePolynomial(text)).toThrow(expect.objectContaining({ code: "E_REPO_FORMAT" }));
  },
);
