/** What the bytes of a file must parse as. `jsonl`: one JSON value a line. */
export type ContentFormat = "json" | "json5" | "jsonl";

/** What parsing a file found. */
export interface ContentFinding {
  /** Of a `jsonl` file: lines that are not blank, damaged ones included. Otherwise 0. */
  lines: number;
  /** Lines that do not parse; for `json` and `json5`, 1 when the file does not. */
  damaged: number;
  /** The last line has no newline and does not parse: it was being written. Not counted as a line. */
  unfinished: boolean;
  /**
   * What is wrong, and where, without a word of the content. With no damage: why the content could
   * not be judged.
   */
  problem?: string;
}
