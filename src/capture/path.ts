import { realpath } from "node:fs/promises";

/** A path as it is: names on disk need not be UTF-8, so a Buffer carries the raw bytes. */
export type RawPath = string | Buffer;

/** What SQLite puts beside a database: `<name>-wal`, `<name>-shm`, `<name>-journal`. */
export const SIDECAR_SUFFIXES = ["-wal", "-shm", "-journal"] as const;

export type SidecarSuffix = (typeof SIDECAR_SUFFIXES)[number];

export function sidecar(path: RawPath, suffix: SidecarSuffix): Buffer {
  return Buffer.concat([Buffer.from(path), Buffer.from(suffix)]);
}

/**
 * The file's own path, symbolic links followed: SQLite follows them too, and looks for the
 * sidecars beside the real file.
 */
export function realPath(path: RawPath): Promise<Buffer> {
  return realpath(path, { encoding: "buffer" });
}

/**
 * A `file:` URI for SQLite (https://sqlite.org/uri.html). Every byte that is not plainly harmless
 * is percent-encoded; SQLite decodes to raw bytes, so any name can be said.
 *
 * @param query such as `mode=ro&immutable=1`
 */
export function sqliteUri(path: RawPath, query: string): string {
  let encoded = "";
  for (const byte of Buffer.from(path)) {
    const char = String.fromCharCode(byte);
    encoded += /[\w./-]/.test(char) ? char : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return `file:${encoded}?${query}`;
}
