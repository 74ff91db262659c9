import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../errors.ts";
import { canReadDirectly, directOutcome, outcomeOf } from "./outcome.ts";
import type { CaptureOutcome } from "./outcome.ts";
import { isPassing, isSqliteError } from "./pin.ts";
import { PinnedDatabase, SourceMovedError } from "./pinned-database.ts";
import { inRoom } from "./room.ts";
import { isSettled, SETTLED_MS } from "./signature.ts";
import { canPin, chooseName, lookAt } from "./source.ts";
import type { Source } from "./source.ts";
import { copyStable, settledLook } from "./stable-copy.ts";

export interface CaptureJob {
  path: Buffer;
  otherNames: Buffer[];
  /** Directories that may be made for the image, best first. */
  places: string[];
  forceCopy: boolean;
}

const PATIENCE_MS = 5000;
/** With pauses of 2, 4, 8 … ms between them: about a quarter of a second. */
const PIN_ATTEMPTS = 7;
/** Bytes. Longer copies of rollback-mode databases first try to do without a lock that makes writers wait. */
export const SHORT_COPY = 16 << 20;

/** Captures one database: the file itself where it rests, else a copy. Runs in a process of its own. */
export async function capture(job: CaptureJob): Promise<CaptureOutcome> {
  const { path, doubt } = await chooseName(job.path, job.otherNames);
  const { source, rests } = await lookWhetherAtRest(path);
  const outcome =
    !job.forceCopy && rests ? directOutcome(source) : await copyWhereRoom(path, source, job);
  return { ...outcome, doubt: doubt ?? outcome.doubt };
}

/** A database at rest need not be copied: nobody has written to it lately. */
export async function lookWhetherAtRest(path: Buffer): Promise<{ source: Source; rests: boolean }> {
  const now = Date.now();
  const source = await lookAt(path);
  const rests = isSettled(source.signature.main, SETTLED_MS, now) && canReadDirectly(source);
  return { source, rests };
}

/** Bytes that a copy may take, for a moment. */
export function roomFor({ size, signature: { wal, journal } }: Source): number {
  return size + Number(wal?.size ?? 0) + Number(journal?.size ?? 0);
}

async function copyWhereRoom(
  path: Buffer,
  source: Source,
  job: CaptureJob,
): Promise<CaptureOutcome> {
  try {
    return await inRoom(job.places, roomFor(source), (place) => copyTo(path, join(place, "image")));
  } catch (error) {
    if (job.forceCopy || !hasCode(error, "E_NO_SPACE")) throw error;
    const { source: now, calm } = await settledLook(path);
    if (!calm || !canReadDirectly(now)) throw error;
    return directOutcome(now);
  }
}

/**
 * Pinned if it can be had, else without a lock, by turns, until a copy is proven or patience ends;
 * then the last copy is kept, with its doubt.
 */
export async function copyTo(path: Buffer, image: string): Promise<CaptureOutcome> {
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

export function makesWritersWait(source: Source): boolean {
  return !source.walMode && source.size > SHORT_COPY;
}

async function tryPinned(path: Buffer, image: string): Promise<CaptureOutcome | undefined> {
  return patiently(async () => {
    const source = await lookAt(path);
    if (!canPin(source)) return undefined;
    using pinned = new PinnedDatabase(source);
    pinned.take();
    pinned.confirm();
    return copyPinned(pinned, image);
  });
}

/** Copies what is held. A copy that fails is removed. */
export function copyPinned(pinned: PinnedDatabase, image: string): CaptureOutcome {
  try {
    const outcome = outcomeOf(pinned.source, pinned.copyTo(image), "pinned");
    return { ...outcome, path: Buffer.from(image), longestPinMs: pinned.heldMs };
  } catch (error) {
    rmSync(image, { force: true });
    throw error;
  }
}

/**
 * Tries again while another moment may well succeed, a few times.
 *
 * @returns undefined when SQLite would not have it
 */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  for (let round = 1; round <= PIN_ATTEMPTS; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SourceMovedError) && !isPassing(error)) {
        if (isSqliteError(error)) return undefined;
        throw error;
      }
      await sleep(2 ** round);
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
