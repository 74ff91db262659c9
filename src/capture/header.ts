import { readFully } from "./read.ts";

const MAGIC = Buffer.from("SQLite format 3\0", "latin1");
const HEADER_SIZE = 100;
const FALLBACK_PAGE_SIZE = 4096;

/** Tells a SQLite database by its first 16 bytes, whatever the file is called. */
export function isSqliteHeader(first16: Uint8Array): boolean {
  return first16.length >= MAGIC.length && MAGIC.equals(first16.subarray(0, MAGIC.length));
}

/** The fields of a database's first 100 bytes that matter here (https://sqlite.org/fileformat2.html, 1.3). */
export interface DatabaseHeader {
  /** Bytes; 4096 when the header holds no valid one. */
  pageSize: number;
  /** The file format's read version is 2: the last writer used a write-ahead log. */
  walMode: boolean;
  /** The length the header claims, when it can be trusted (its two change counters agree). */
  pages: number | undefined;
}

export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) === 0;
}

export function readHeader(fd: number): DatabaseHeader {
  const header = Buffer.alloc(HEADER_SIZE);
  readFully(fd, header, 0);
  const stored = header.readUInt16BE(16);
  const pageSize = stored === 1 ? 65536 : stored;
  const pages = header.readUInt32BE(28);
  return {
    pageSize: isPageSize(pageSize) ? pageSize : FALLBACK_PAGE_SIZE,
    walMode: header[19] === 2,
    pages: pages > 0 && header.readUInt32BE(24) === header.readUInt32BE(92) ? pages : undefined,
  };
}
