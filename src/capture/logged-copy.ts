import { fstatSync, rmSync } from "node:fs";
import { copyDatabase } from "./copy.ts";
import { WalReader } from "./wal.ts";
import type { WalContents } from "./wal.ts";

/** How often the log is read again when a writer starts it anew meanwhile. */
const LOG_TURNS = 4;

export interface Copied {
  /** Bytes. */
  size: number;
  wal: WalContents | undefined;
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
  const log = new WalReader(walFd);
  for (let turn = 1; ; turn += 1) {
    const wal = log.advance();
    const overlay = wal && { fd: walFd, wal };
    const size = copyDatabase(mainFd, fstatSync(mainFd).size, overlay, image);
    const steady = !log.isStale;
    if (steady || turn === LOG_TURNS) return { size, wal, steady };
    rmSync(image);
  }
}
