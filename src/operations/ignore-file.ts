import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { errno, messageOf } from "../errors.ts";
import type { PatternLine } from "./exclude-patterns.ts";

/** What a person leaves out below a directory, in gitignore's syntax. */
export const IGNORE_FILE = ".clawbackignore";

/** More than anybody writes by hand. */
const MAX_BYTES = 64 * 1024;

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** What an ignore file says, or why it counts for nothing. Undefined: there is none. */
export type IgnoreFile = { lines: PatternLine[] } | { problem: string } | undefined;

/** Agents write into their workspaces: whatever stands there under this name, this ends soon. */
export function readIgnoreFile(path: Buffer): IgnoreFile {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    // Most directories have none, and an error costs ten times as much as a look.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") return { problem: "a link is not followed" };
    if (code === "ENXIO") return { problem: "it is no regular file" };
    return { problem: messageOf(error) };
  }
  try {
    if (!fstatSync(fd).isFile()) return { problem: "it is no regular file" };
    const content = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < content.length; length += read) {
      read = readSync(fd, content, length, content.length - length, null);
    }
    if (length > MAX_BYTES) return { problem: `it is larger than ${MAX_BYTES / 1024} KiB` };
    return { lines: linesOf(content.toString("latin1", 0, length)) };
  } catch (error) {
    return { problem: messageOf(error) };
  } finally {
    closeSync(fd);
  }
}

function linesOf(text: string): PatternLine[] {
  const start = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  return text
    .slice(start)
    .split("\n")
    .map((line) => ({ text: line.replace(/\r$/, "") }));
}
