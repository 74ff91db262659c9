/** Tables of OpenClaw, and of what came before it, that hold what was said and remembered. */
const WORD_TABLES =
  /(?:^|_)(?:transcripts?|trajector(?:y|ies)|messages?|utterances)(?:_|$)|_fts$|^acp_(?:replay|parent_stream)_events$|^capture_(?:events|blobs)$/;
const WORD_COLUMNS = new Set(["memory_index_chunks.text", "chunks.text"]);
/** Columns that name a place, in whatever table. */
const PLACE_COLUMN = /(?:^|_)(?:path|dir|cwd|root|file|directory)$/;

/** Whether a column holds words, for people and models to read, rather than what is looked up. */
export function isWordColumn(table: string, column: string): boolean {
  if (WORD_COLUMNS.has(`${table}.${column}`)) return true;
  return WORD_TABLES.test(table) && !PLACE_COLUMN.test(column);
}

/** A column that counts the bytes of another: `transcript_events`, whose readers compare the two. */
export const BYTE_COUNTS: Readonly<Record<string, string>> = { event_json: "event_utf8_bytes" };
