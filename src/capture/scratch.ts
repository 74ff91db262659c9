import { randomUUID } from "node:crypto";
import { join } from "node:path";

/** A name for a new place below a scratch directory. */
export function placeIn(scratch: string): string {
  return join(scratch, randomUUID());
}
