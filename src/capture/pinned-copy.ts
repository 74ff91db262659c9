import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { copyBytes, copyDatabase } from "./copy.ts";
import { withPin } from "./pin.ts";
import { withSidecar } from "./source.ts";
import type { Source } from "./source.ts";
import { readWal, readWalHeader } from "./wal.ts";
import type { WalContents } from "./wal.ts";

/** How often the log is read again when a writer starts it anew meanwhile; once is all that a pin lets happen. */
const LOG_TURNS = 4;

/** The files were replaced, or changed their kind, between two looks at them. */
export class SourceMovedError extends Error {}

export interface Copied {
  /** Bytes. */
  size: number;
  wal: WalContents | undefined;
}

/**
 * Copies a live database at full speed under a pinned read transaction.
 *
 * Why the result is one commit exactly: let `m` be the last frame that the pin protects, and `M`
 * the last commit that {@link readWal} finds after the pin; `M >= m`, as frames up to `m` stand in
 * the log already. A checkpoint may write to the main file while it is copied, but only pages of
 * frames up to `m`. Each of these pages is in the log's map, so the copy takes it from the log and
 * what the main file holds there, torn or not, does not matter. All other pages rest. Frames up to
 * `M` are never overwritten while the log is not started anew, and a pin at `m > 0` forbids that.
 *
 * When the log was wholly in the main file at the pin, SQLite reads the main file alone and holds
 * lock 0: no checkpoint can write to it, but a writer may start the log anew. Then the log's
 * header changes, and map and copy are made again. That can happen once: the new log cannot be
 * checkpointed while lock 0 is held.
 *
 * Without a log, the SHARED lock keeps the main file as it is.
 *
 * @throws SourceMovedError, or node:sqlite's error when the pin cannot be had
 */
export function copyPinned(source: Source, image: string): Copied & { heldMs: number } {
  const mainFd = openSync(source.path, "r");
  try {
    const { result, heldMs } = withPin(source.path, () => {
      const opened = fstatSync(mainFd, { bigint: true });
      const named = statSync(source.path, { bigint: true });
      if (opened.ino !== named.ino || opened.dev !== named.dev) throw new SourceMovedError();
      const logged = withSidecar(source.path, "-wal", (fd) => copyWithLog(mainFd, fd, image));
      if ((logged !== undefined) !== (source.signature.wal !== null)) throw new SourceMovedError();
      if (logged?.steady === false) throw new SourceMovedError();
      if (logged !== undefined) return { size: logged.size, wal: logged.wal };
      copyBytes(mainFd, Number(opened.size), image);
      return { size: Number(opened.size), wal: undefined };
    });
    return { ...result, heldMs };
  } finally {
    closeSync(mainFd);
  }
}

/**
 * Copies main file and log, again while the log is started anew meanwhile. Sound only if the main
 * file rests but for checkpoints of frames in the log.
 *
 * @returns `steady` false when the log never stayed the same for a whole copy
 */
export function copyWithLog(
  mainFd: number,
  walFd: number,
  image: string,
): Copied & { steady: boolean } {
  for (let turn = 1; ; turn += 1) {
    const header = readWalHeader(walFd);
    const wal = readWal(walFd);
    const overlay = wal && { fd: walFd, wal };
    const size = copyDatabase(mainFd, fstatSync(mainFd).size, overlay, image);
    const steady =
      sameBytes(header, wal?.header ?? header) && sameBytes(header, readWalHeader(walFd));
    if (steady || turn === LOG_TURNS) return { size, wal, steady };
    rmSync(image);
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
