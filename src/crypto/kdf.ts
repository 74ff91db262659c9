import { randomFillSync, scrypt } from "node:crypto";
import { ClawbackError } from "../errors.ts";
import type { SymmetricKey } from "./sealer.ts";

/** How a password becomes a key: scrypt (RFC 7914). */
export interface KdfParams {
  /** Cost, a power of two; memory is 128 · N · r bytes. */
  N: number;
  /** Block size. */
  r: number;
  /** Passes. */
  p: number;
  salt: Uint8Array;
}

/** A key file comes from the storage and is read before anything proves it ours: bound the cost. */
const MAX_MEMORY = 1024 ** 3;
const MAX_PASSES = 64;
/** N · r of all passes: an hour of work would be no less an attack than all of the memory. */
const MAX_WORK = 2 * MAX_MEMORY;

/** restic's parameters (32 MiB, about 0.1 s) and a fresh salt of 64 bytes. */
export function defaultKdfParams(): KdfParams {
  return { N: 2 ** 15, r: 8, p: 1, salt: randomFillSync(new Uint8Array(64)) };
}

/**
 * The key of a password: scrypt's 64 bytes are encrypt (32) ‖ k (16) ‖ r (16), as in restic.
 * @param password a text stands for its UTF-8 bytes, exactly as it is
 * @throws ClawbackError `E_DAMAGED` for parameters that nobody sane would write
 */
export async function deriveKey(
  password: string | Uint8Array,
  params: KdfParams,
): Promise<SymmetricKey> {
  checkParams(params);
  const { N, r, p, salt } = params;
  const maxmem = 128 * r * (N + p + 2);
  const derived = await new Promise<Uint8Array>((resolve, reject) => {
    scrypt(password, salt, 64, { N, r, p, maxmem }, (error, key) =>
      error ? reject(error) : resolve(new Uint8Array(key)),
    );
  });
  return {
    encrypt: derived.slice(0, 32),
    macK: derived.slice(32, 48),
    macR: derived.slice(48, 64),
  };
}

function checkParams({ N, r, p }: KdfParams): void {
  const isSane =
    [N, r, p].every((value) => Number.isSafeInteger(value) && value >= 1) &&
    N >= 2 &&
    Number.isInteger(Math.log2(N)) &&
    p <= MAX_PASSES &&
    128 * N * r <= MAX_MEMORY &&
    128 * N * r * p <= MAX_WORK;
  if (!isSane) {
    throw new ClawbackError("E_DAMAGED", "the key file asks for scrypt parameters out of bounds");
  }
}
