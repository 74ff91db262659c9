import type { TreeNode } from "./node.ts";

/**
 * What a long run of zeros is cut into. A window of zeros has the fingerprint 0 with every
 * polynomial, and that is a cut: so each of these chunks is as short as a chunk may be.
 */
export const ZERO_CHUNK: Uint8Array = new Uint8Array(512 << 10);

/** The SHA-256 of that. */
export const ZERO_CHUNK_ID = "07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541";

/** How many bytes of a file need no room when it is restored: they become holes. */
export function zeroBytes(node: TreeNode): number {
  let chunks = 0;
  for (const id of node.content ?? []) if (id === ZERO_CHUNK_ID) chunks++;
  return chunks * ZERO_CHUNK.length;
}

/** Whether all of these bytes, at least one, are zero. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes.at(-1) !== 0) return false;
  // Each byte is the one before it.
  return Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}
