import { readFile, stat } from "node:fs/promises";
import { isTree } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";

/** Beyond, it is no file of a session. */
const MAX_BYTES = 64 * 1024 * 1024;

export type JsonFile =
  | { state: "read"; tree: Tree; modified: Date }
  | { state: "missing" | "unreadable" | "malformed" };

/** A file that holds a JSON object. */
export async function readJsonFile(path: string): Promise<JsonFile> {
  let text: string;
  let modified: Date;
  try {
    const info = await stat(path);
    if (!info.isFile() || info.size > MAX_BYTES) return { state: "unreadable" };
    modified = info.mtime;
    text = await readFile(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return { state: isMissing ? "missing" : "unreadable" };
  }
  const tree = parsedTree(text);
  return tree === undefined ? { state: "malformed" } : { state: "read", tree, modified };
}

/** The object that a JSON text is; undefined when it is none. */
export function parsedTree(text: string): Tree | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTree(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
