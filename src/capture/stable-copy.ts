import { fstatSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { copyBytes } from "./copy.ts";
import { isPassing, isSqliteError, needsRollback, withPin } from "./pin.ts";
import { copyWithLog } from "./logged-copy.ts";
import { recoverCopy } from "./recover.ts";
import { databaseSignature, isSettled, sameStamp, TIME_STEP_MS } from "./signature.ts";
import { isRemote, lookAt, withFile, withSidecar } from "./source.ts";
import type { Source } from "./source.ts";
import type { WalContents } from "./wal.ts";

export interface StableCopy {
  source: Source;
  /** Bytes. */
  size: number;
  wal: WalContents | undefined;
  recovered: boolean;
  /** Why the copy may not be one commit; undefined when it is. */
  doubt: string | undefined;
}

/**
 * Copies a database without any lock on it, and accepts the copy when the files were the same
 * before and after.
 *
 * With a log only the main file has to rest, and the log must not have been started anew: what is
 * appended to it meanwhile does no harm. Without one, it must also be shown that the main file
 * held no half-written transaction (see {@link isWhole}); with a journal it may, and the copy is
 * rolled back.
 */
export async function copyStable(path: Buffer, image: string): Promise<StableCopy> {
  const { source, calm } = await settledLook(path);
  const { steady, ...copy } = copyOnce(source, image);
  const after = await databaseSignature(path);
  const rested =
    calm &&
    steady &&
    sameStamp(source.signature.main, after.main) &&
    (!source.hotJournal || sameStamp(source.signature.journal, after.journal));
  return { source, ...copy, doubt: rested ? copy.doubt : "it was written to while it was copied" };
}

/**
 * A look at a database, after a short wait if its main file has just been written. `calm` tells
 * whether the look came late enough for any further change to show in the main file's times.
 */
export async function settledLook(path: Buffer): Promise<{ source: Source; calm: boolean }> {
  for (let waited = false; ; waited = true) {
    const now = Date.now();
    const source = await lookAt(path);
    const calm = isSettled(source.signature.main, TIME_STEP_MS, now);
    if (calm || waited) return { source, calm };
    await sleep(TIME_STEP_MS);
  }
}

type OneCopy = Omit<StableCopy, "source"> & { steady: boolean };

function copyOnce(source: Source, image: string): OneCopy {
  const copied = withFile(source.path, (mainFd) => {
    const logged =
      source.signature.wal === null
        ? undefined
        : withSidecar(source.path, "-wal", (walFd) => copyWithLog(mainFd, walFd, image));
    const steady = source.signature.wal === null;
    return logged ?? { size: copyBytes(mainFd, source.size, image), wal: undefined, steady };
  });
  const plain = { ...copied, recovered: false, doubt: undefined };
  if (source.signature.wal !== null || isWhole(source)) return plain;
  if (source.hotJournal) return { ...plain, ...recoverHot(source.path, image) };
  const journalled = source.signature.journal !== null;
  return { ...plain, doubt: journalled ? undefined : "it is locked and has no journal" };
}

/**
 * Whether a main file without a log holds no part of an unfinished transaction just now. In
 * rollback mode SQLite's SHARED lock tells, had and given back at once.
 */
export function isWhole(source: Source): boolean {
  if (source.walMode || isRemote(source.path)) return !source.hotJournal;
  try {
    withPin(source.path, () => undefined);
    return true;
  } catch (error) {
    // Any other complaint of SQLite's is about the content: the lock was had.
    if (!isSqliteError(error)) throw error;
    return !isPassing(error) && !needsRollback(error);
  }
}

function recoverHot(path: Buffer, image: string): Partial<OneCopy> {
  const size = withSidecar(path, "-journal", (fd) =>
    copyBytes(fd, fstatSync(fd).size, `${image}-journal`),
  );
  if (size === undefined) return { steady: false };
  try {
    recoverCopy(image);
    return { size: statSync(image).size, recovered: true };
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    return { doubt: `its journal cannot be rolled back: ${messageOf(error)}` };
  }
}
