import { ClawbackError } from "../errors.ts";
import type { FileHandle, FileType } from "./storage.ts";

const NAME = /^[0-9a-f]{64}$/;

/** The types of which there are many, with the directory each lies in (restic's default layout). */
export const DIRECTORIES = {
  key: "keys",
  lock: "locks",
  snapshot: "snapshots",
  index: "index",
  pack: "data",
} as const satisfies Record<Exclude<FileType, "config">, string>;

/** Whether it is a file's name: the lower-case hex of a SHA-256. */
export function isFileName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Names come out of files that somebody else may have written; none may reach a path unchecked.
 * @throws ClawbackError `E_DAMAGED`
 */
export function checkHandle({ type, name }: FileHandle): void {
  if (type === "config" ? name === "" : isFileName(name)) return;
  throw new ClawbackError("E_DAMAGED", `not the name of a ${type} file: ${JSON.stringify(name)}`);
}

/** For people: `config`, `pack 4f2a91c0`. */
export function describeHandle({ type, name }: FileHandle): string {
  return type === "config" ? "config" : `${type} ${name.slice(0, 8)}`;
}

export function notFound(handle: FileHandle, cause?: unknown): ClawbackError {
  return new ClawbackError("E_STORAGE_NOT_FOUND", `no ${describeHandle(handle)}`, { cause });
}

export function alreadyExists(handle: FileHandle, cause?: unknown): ClawbackError {
  return new ClawbackError("E_STORAGE_EXISTS", `${describeHandle(handle)} is there already`, {
    cause,
  });
}
