const MIN_LENGTH = 4 << 10;
const MAX_LENGTH = 8 << 20;
/** A chunk costs about 100 bytes, half in the file's node, which must be read in one piece. */
const MAX_CHUNKS = 65_536;

/**
 * Length of the chunks of a SQLite database: pages change in place, so cut between pages, and small.
 * When 1 % of the rows change, chunks of 4 KiB store 3 to 4 % of the file again, of 16 KiB 10 %, of
 * 64 KiB 30 %, of 1 MiB all of it. But each chunk is a blob with about 100 bytes of metadata, so
 * that the length grows with the file: at most 65,536 chunks, until chunks have 8 MiB.
 * @param pageSize of the database, in bytes: a power of two from 512 to 65,536
 * @param fileSize in bytes
 */
export function pageChunkSize(pageSize: number, fileSize: number): number {
  let length = Math.max(pageSize, MIN_LENGTH);
  while (length < MAX_LENGTH && fileSize / length > MAX_CHUNKS) length *= 2;
  return length;
}
