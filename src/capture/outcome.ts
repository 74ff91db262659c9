import type { Copied } from "./logged-copy.ts";
import { isWhole } from "./stable-copy.ts";
import type { DatabaseSignature } from "./signature.ts";
import type { Source } from "./source.ts";

/**
 * How an image came to be: `direct` is the source file itself; `pinned` a copy under SQLite's
 * locks; `stable-copy` one without, the files being the same before and after; `recovered` such a
 * copy with its hot journal rolled back.
 */
export type CaptureMethod = "direct" | "pinned" | "stable-copy" | "recovered";

/** What a capture found; see `DatabaseImage` for the fields. */
export interface CaptureOutcome {
  path: Buffer;
  size: number;
  pageSize: number;
  method: CaptureMethod;
  doubt: string | undefined;
  journal: "wal" | "rollback";
  walFrames: number;
  longestPinMs: number;
  signature: DatabaseSignature;
}

/** Whether the main file, as long as it rests, is the whole database. */
export function canReadDirectly(source: Source): boolean {
  return !source.hasLog && !source.hotJournal && isWhole(source);
}

export function directOutcome(source: Source): CaptureOutcome {
  const copied = { size: source.size, wal: undefined };
  return { ...outcomeOf(source, copied, "direct"), path: source.path };
}

export function outcomeOf(
  source: Source,
  { size, wal }: Copied,
  method: CaptureMethod,
): CaptureOutcome {
  return {
    path: source.path,
    size,
    pageSize: wal?.pageSize ?? source.pageSize,
    method,
    doubt: undefined,
    journal: source.walMode ? "wal" : "rollback",
    walFrames: wal?.frames ?? 0,
    longestPinMs: 0,
    signature: source.signature,
  };
}
