import { open } from "node:fs/promises";
import { ClawbackError, errno, messageOf } from "../errors.ts";

/** A password as a file holds it. */
export interface PasswordFile {
  text: string;
  /** True when others than the owner may read or write the file. */
  exposed: boolean;
}

/**
 * Reads a password file by restic's rule, so that one file serves both programs: the whole file, a
 * byte order mark (UTF-8, UTF-16) honoured and dropped, white space trimmed at both ends.
 *
 * @throws ClawbackError E_NO_PASSWORD when the file is missing, unreadable, empty or not text.
 */
export async function readPasswordFile(path: string): Promise<PasswordFile> {
  try {
    await using file = await open(path, "r");
    // Windows and WSL mounts report 0777 for everything, and a pipe has no owner to speak of.
    const { mode } = await file.stat();
    const regular = (mode & 0o170000) === 0o100000;
    const text = trimSpace(decodeText(await file.readFile()));
    if (text === "") throw new ClawbackError("E_NO_PASSWORD", `the password file ${path} is empty`);
    return { text, exposed: regular && (mode & 0o077) !== 0 && process.platform !== "win32" };
  } catch (error) {
    if (error instanceof ClawbackError) throw error;
    const why =
      errno(error) === "ENOENT" ? "does not exist" : `cannot be read: ${messageOf(error)}`;
    throw new ClawbackError("E_NO_PASSWORD", `the password file ${path} ${why}`, {
      hint: "Name the file that holds the password with --password-file <file>.",
      cause: error,
    });
  }
}

/** UTF-8, or what a byte order mark says. */
export function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/** Go's strings.TrimSpace: Unicode White_Space, which is not quite JavaScript's trim(). */
export function trimSpace(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}
