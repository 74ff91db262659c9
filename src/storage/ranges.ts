import { ClawbackError } from "../errors.ts";
import { describeHandle } from "./names.ts";
import type { ByteRange, FileHandle } from "./storage.ts";

/**
 * The part of a file of `size` bytes that is asked for.
 * @throws ClawbackError `E_DAMAGED` when it does not lie within the file.
 */
export function resolveRange(
  handle: FileHandle,
  size: number,
  range: ByteRange = { offset: 0, length: size },
): ByteRange {
  const { offset, length } = range;
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return range;
  throw pastTheEnd(handle, range, size);
}

export function pastTheEnd(handle: FileHandle, range: ByteRange, size: number): ClawbackError {
  const { offset, length } = range;
  return new ClawbackError(
    "E_DAMAGED",
    `${describeHandle(handle)} has ${size} bytes; ${length} were expected at ${offset}`,
  );
}
