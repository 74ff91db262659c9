import { ClawbackError, errno } from "../errors.ts";
import { mountPointOf } from "./paths.ts";

const NO_SPACE = new Set(["ENOSPC", "EDQUOT"]);
const PERMISSION = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * What a system error on `path` means to a person: `E_NO_SPACE` for a full disk or quota,
 * `E_PERMISSION` for a file this user may not touch. Any other error comes back as it was.
 */
export async function explainFileError(error: unknown, path: string): Promise<unknown> {
  const code = errno(error) ?? "";
  if (NO_SPACE.has(code)) {
    const what = code === "EDQUOT" ? "the quota is used up" : "no space left";
    return new ClawbackError("E_NO_SPACE", `cannot write ${path}: ${what}`, {
      hint: `Free some room on the file system mounted at ${await mountPointOf(path)}.`,
      cause: error,
    });
  }
  if (PERMISSION.has(code)) {
    const readOnly = code === "EROFS";
    const what = readOnly ? "the file system is read-only" : "permission denied";
    return new ClawbackError("E_PERMISSION", `${path}: ${what}`, {
      hint: readOnly
        ? `Remount ${await mountPointOf(path)} writable, or name another place.`
        : "Check who owns it and its mode, or run as the user it belongs to.",
      cause: error,
    });
  }
  return error;
}
