import { open, stat } from "node:fs/promises";

/** https://www.sqlite.org/fileformat2.html#walformat */
const LOG_HEADER = 32;
const FRAME_HEADER = 24;
/** Where a database's first page counts its changes, and where it says how long a page is. */
const CHANGE_COUNTER = 24;
const PAGE_SIZE = 16;
/** Bytes that are read of a frame: its header, and of its page as far as the counter. */
const FRAME_BYTES = FRAME_HEADER + CHANGE_COUNTER + 4;
/** A checkpoint follows the write that called for it; longer after, the database lived on alone. */
const CHECKPOINT_MS = 60_000;

/**
 * Whether a write-ahead log can be of the database beside it. SQLite cannot tell, and would write
 * any log's pages into any database. What tells:
 *
 * - The first page counts changes, not each of them, but never backwards. A database's own count is
 *   the one from before its log, or one that a checkpoint has taken out of the log.
 * - A database that was written to long after its log was has no need of it any more.
 *
 * False is certain enough to do without the log; true only means that nothing speaks against it.
 */
export async function canBeLogOf(database: string, header: Buffer): Promise<boolean> {
  const file = await open(`${database}-wal`, "r");
  try {
    const start = Buffer.alloc(LOG_HEADER);
    if ((await file.read(start, 0, LOG_HEADER, 0)).bytesRead < LOG_HEADER) return true;
    const pageSize = start.readUInt32BE(8);
    if (pageSize !== pageSizeOf(header)) return false;
    const counter = header.readUInt32BE(CHANGE_COUNTER);
    const frame = Buffer.alloc(FRAME_BYTES);
    let first: number | undefined;
    let last = counter;
    for (let at = LOG_HEADER; ; at += FRAME_HEADER + pageSize) {
      const { bytesRead } = await file.read(frame, 0, FRAME_BYTES, at);
      // A frame with another salt is of an earlier turn of the log.
      if (bytesRead < FRAME_BYTES || !frame.subarray(8, 16).equals(start.subarray(16, 24))) break;
      if (frame.readUInt32BE(0) !== 1) continue;
      last = frame.readUInt32BE(FRAME_HEADER + CHANGE_COUNTER);
      first ??= last;
    }
    if (first !== undefined && (counter < first - 1 || last < counter)) return false;
    const [written, logged] = [await stat(database), await file.stat()];
    return written.mtimeMs - logged.mtimeMs < CHECKPOINT_MS;
  } finally {
    await file.close();
  }
}

function pageSizeOf(header: Buffer): number {
  const size = header.readUInt16BE(PAGE_SIZE);
  return size === 1 ? 65_536 : size;
}
