import { closeSync, existsSync, fstatSync, openSync, rmSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { readFully } from "./read.ts";

const JOURNAL_MAGIC = Buffer.from("d9d505f920a163d7", "hex");
/** Page number, length, checksum and magic around a super-journal's name at the end of a journal. */
const RECORD_BEFORE_NAME = 4;
const RECORD_AFTER_NAME = 16;

/**
 * Whether SQLite would take a rollback journal for one that may have to be rolled back: its first
 * byte is not zero. Its writer is in the middle of a transaction, or died there.
 */
export function isHotJournal(fd: number): boolean {
  const first = Buffer.alloc(1);
  return readFully(fd, first, 0) === 1 && first[0] !== 0;
}

/**
 * Rolls a copied database back with its copied journal (`<image>-journal`), as SQLite would in
 * place. A transaction over several databases names a super-journal by absolute path, and SQLite
 * deletes that file once no journal needs it any more. That would reach into the source, so its
 * name is taken off the copy first; if the file is gone, the transaction was committed, and the
 * journal has nothing to say.
 *
 * @throws node:sqlite's error when the copy cannot be recovered
 */
export function recoverCopy(image: string): void {
  const journal = `${image}-journal`;
  const record = superJournal(journal);
  if (record !== undefined) {
    if (existsSync(record.name)) truncateSync(journal, record.offset);
    else rmSync(journal);
  }
  const database = new DatabaseSync(image);
  try {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
  } finally {
    database.close();
    rmSync(journal, { force: true });
  }
}

/** https://sqlite.org/src/file/src/pager.c, `readSuperJournal`. */
function superJournal(journal: string): { name: Buffer; offset: number } | undefined {
  const fd = openSync(journal, "r");
  try {
    const size = fstatSync(fd).size;
    const tail = Buffer.alloc(RECORD_AFTER_NAME);
    if (size < tail.length || readFully(fd, tail, size - tail.length) < tail.length)
      return undefined;
    const length = tail.readUInt32BE(0);
    if (!tail.subarray(8).equals(JOURNAL_MAGIC) || length === 0) return undefined;
    const offset = size - RECORD_AFTER_NAME - length - RECORD_BEFORE_NAME;
    if (offset < 0) return undefined;
    const name = Buffer.alloc(length);
    readFully(fd, name, offset + RECORD_BEFORE_NAME);
    const sum = name.reduce((total, byte) => total + ((byte << 24) >> 24), 0);
    return (sum | 0) === tail.readInt32BE(4) ? { name, offset } : undefined;
  } finally {
    closeSync(fd);
  }
}
