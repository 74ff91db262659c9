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

/** A buffer of at least so many bytes, to whole MiB once it is large: one that grows is replaced seldom. */
export function roomyBuffer(length: number): Buffer<ArrayBuffer> {
  const step = length > 64 << 10 ? 1 << 20 : 64 << 10;
  return Buffer.allocUnsafeSlow(Math.ceil(Math.max(1, length) / step) * step);
}
