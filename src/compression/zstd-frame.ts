const MAGIC = 0xfd2fb528;
const CONTENT_SIZE_LENGTHS = [0, 2, 4, 8] as const;
const DICTIONARY_ID_LENGTHS = [0, 1, 2, 4] as const;
const RLE_BLOCK = 1;

/**
 * Whether the bytes are exactly one zstd frame by their outer form: header, blocks up to the last,
 * checksum if any, nothing behind (RFC 8878, section 3.1.1). Says nothing about the blocks' content.
 */
export function isOneFrame(input: Uint8Array): boolean {
  if (input.length < 9) return false;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  if (view.getUint32(0, true) !== MAGIC) return false;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor >> 5) & 1;
  const hasChecksum = (descriptor >> 2) & 1;
  const sizeFlag = (descriptor >> 6) & 3;
  const sizeLength = sizeFlag === 0 ? singleSegment : CONTENT_SIZE_LENGTHS[sizeFlag]!;
  let at = 5 + (1 - singleSegment) + DICTIONARY_ID_LENGTHS[descriptor & 3]! + sizeLength;
  let isLast = false;
  while (!isLast && at + 3 <= input.length) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3);
  }
  return isLast && at + 4 * hasChecksum === input.length;
}
