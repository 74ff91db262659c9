import { timingSafeEqual } from "node:crypto";
import { ClawbackError } from "./errors.ts";

/** Lower-case hexadecimal digits of the bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/**
 * The bytes that hexadecimal digits stand for.
 * @throws ClawbackError `E_DAMAGED` unless the text is an even number of hexadecimal digits
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new ClawbackError("E_DAMAGED", "not a hexadecimal text");
  }
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** All parts one after the other, in memory of its own. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Equal length and content, in a time that does not tell where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

const ROOMS = [64 << 10, 9 << 20];

/**
 * A buffer of at least so many bytes. Of few sizes, the second of which holds the largest chunk of
 * a file with what compressing or sealing may add: one that grew step by step would leave holes
 * that the allocator never fills. What is not touched takes no memory.
 */
export function roomyBuffer(length: number): Buffer<ArrayBuffer> {
  const step = 16 << 20;
  const size = ROOMS.find((room) => length <= room) ?? Math.ceil(length / step) * step;
  return Buffer.allocUnsafeSlow(size);
}
