import { kernel } from "./kernel.ts";

/** Bytes of a tag. */
const TAG_LENGTH = 16;

/**
 * The Poly1305 tag of a message (RFC 8439, section 2.5).
 * @param oneTimeKey r ‖ s, 32 bytes; r is clamped here
 * @returns 16 bytes
 */
export function poly1305(oneTimeKey: Uint8Array, message: Uint8Array): Uint8Array {
  const { code, key, data, capacity } = kernel();
  key.set(oneTimeKey);
  code.begin();
  for (let at = 0; at < message.length; at += capacity) {
    const end = Math.min(at + capacity, message.length);
    data.set(message.subarray(at, end));
    code.update(end - at);
  }
  code.finish();
  return key.slice(0, TAG_LENGTH);
}
