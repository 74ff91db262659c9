import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../errors.ts";
import { isPassing, isSqliteError } from "./pin.ts";
import { copyPinned, SourceMovedError } from "./pinned-copy.ts";
import { inRoom } from "./room.ts";
import { isSettled, SETTLED_MS } from "./signature.ts";
import type { DatabaseSignature } from "./signature.ts";
import { canPin, chooseName, lookAt } from "./source.ts";
import type { Source } from "./source.ts";
import { copyStable, isWhole, settledLook } from "./stable-copy.ts";
import type { WalContents } from "./wal.ts";

/**
 * How an image came to be: `direct` is the source file itself; `pinned` a copy under SQLite's
 * locks; `stable-copy` one without, the files being the same before and after; `recovered` such a
 * copy with its hot journal rolled back.
 */
export type CaptureMethod = "direct" | "pinned" | "stable-copy" | "recovered";

export interface CaptureJob {
  path: Buffer;
  otherNames: Buffer[];
  /** Directories that may be made for the image, best first. */
  places: string[];
  forceCopy: boolean;
}

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

const PATIENCE_MS = 5000;
/** With pauses of 2, 4, 8 … ms between them: about a quarter of a second. */
const PIN_ATTEMPTS = 7;
/** Longer copies of rollback-mode databases first try to do without a lock that makes writers wait. */
const SHORT_COPY = 16 << 20;

/** Captures one database: the file itself where it rests, else a copy. Runs in a process of its own. */
export async function capture(job: CaptureJob): Promise<CaptureOutcome> {
  const { path, doubt } = await chooseName(job.path, job.otherNames);
  const now = Date.now();
  const source = await lookAt(path);
  const rests = isSettled(source.signature.main, SETTLED_MS, now);
  const outcome =
    !job.forceCopy && rests && canReadDirectly(source)
      ? direct(source)
      : await copyWhereRoom(path, source, job);
  return { ...outcome, doubt: doubt ?? outcome.doubt };
}

async function copyWhereRoom(
  path: Buffer,
  source: Source,
  job: CaptureJob,
): Promise<CaptureOutcome> {
  const { wal, journal } = source.signature;
  const need = source.size + Number(wal?.size ?? 0) + Number(journal?.size ?? 0);
  try {
    return await inRoom(job.places, need, (place) => copy(path, join(place, "image")));
  } catch (error) {
    if (job.forceCopy || !hasCode(error, "E_NO_SPACE")) throw error;
    const { source: now, calm } = await settledLook(path);
    if (!calm || !canReadDirectly(now)) throw error;
    return direct(now);
  }
}

function canReadDirectly(source: Source): boolean {
  return !source.hasLog && !source.hotJournal && isWhole(source);
}

function direct(source: Source): CaptureOutcome {
  const copied = { size: source.size, wal: undefined };
  return { ...outcomeOf(source, copied, "direct"), path: source.path };
}

/**
 * Pinned if it can be had, else without a lock, by turns, until a copy is proven or patience ends;
 * then the last copy is kept, with its doubt.
 */
async function copy(path: Buffer, image: string): Promise<CaptureOutcome> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let round = 0; ; round += 1) {
    const quietFirst = round === 0 && makesWritersWait(await lookAt(path));
    const pinned = quietFirst ? undefined : await tryPinned(path, image);
    if (pinned !== undefined) return pinned;
    const unlocked = await copyStable(path, image);
    if (unlocked.doubt === undefined || performance.now() > deadline) {
      return stableOutcome(unlocked, image);
    }
    rmSync(image);
  }
}

function makesWritersWait(source: Source): boolean {
  return !source.walMode && source.size > SHORT_COPY;
}

async function tryPinned(path: Buffer, image: string): Promise<CaptureOutcome | undefined> {
  for (let attempt = 1; attempt <= PIN_ATTEMPTS; attempt += 1) {
    const source = await lookAt(path);
    if (!canPin(source)) return undefined;
    try {
      const { heldMs, ...copied } = copyPinned(source, image);
      const outcome = outcomeOf(source, copied, "pinned");
      return { ...outcome, path: Buffer.from(image), longestPinMs: heldMs };
    } catch (error) {
      rmSync(image, { force: true });
      if (!(error instanceof SourceMovedError) && !isPassing(error)) {
        if (isSqliteError(error)) return undefined;
        throw error;
      }
      await sleep(2 ** attempt);
    }
  }
  return undefined;
}

function stableOutcome(
  { source, doubt, recovered, ...copied }: Awaited<ReturnType<typeof copyStable>>,
  image: string,
): CaptureOutcome {
  const method = recovered ? "recovered" : "stable-copy";
  return { ...outcomeOf(source, copied, method), path: Buffer.from(image), doubt };
}

function outcomeOf(
  source: Source,
  { size, wal }: { size: number; wal: WalContents | undefined },
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
