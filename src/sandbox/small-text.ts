import { readFile, stat } from "node:fs/promises";

/** Bytes; beyond, it is no configuration. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A file's text; empty when it is none that could be read. */
export async function smallText(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_BYTES) return "";
  return readFile(path, "utf8").catch(() => "");
}
