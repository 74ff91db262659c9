import { ClawbackError, errno, messageOf } from "../errors.ts";
import { explainFileError } from "../fs/file-errors.ts";
import { alreadyExists, notFound } from "./names.ts";
import type { FileHandle } from "./storage.ts";

/** A mount that is away (NFS, SMB, sshfs), or a disk that does not answer. */
const UNREACHABLE = new Set([
  "ENOTCONN",
  "EIO",
  "ESTALE",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ETIMEDOUT",
  "ECONNABORTED",
  "ECONNRESET",
  "ENODEV",
  "ENXIO",
]);

/** A system error on a repository's file or directory, as the storage's contract names it. */
export async function localFault(
  error: unknown,
  path: string,
  handle?: FileHandle,
): Promise<unknown> {
  const code = errno(error) ?? "";
  if (error instanceof ClawbackError) return error;
  if (UNREACHABLE.has(code)) {
    return new ClawbackError("E_STORAGE_UNREACHABLE", `${path} does not answer (${code})`, {
      hint: "Check that the disk or network share is mounted and healthy.",
      cause: error,
    });
  }
  if (handle !== undefined && code === "ENOENT") return notFound(handle, error);
  if (handle !== undefined && code === "EEXIST") return alreadyExists(handle, error);
  if (code === "ENOTDIR" || code === "EEXIST") {
    return new ClawbackError("E_FAILED", `a file stands where a directory is needed: ${path}`, {
      hint: "Name another place for the repository, or move the file away.",
      cause: error,
    });
  }
  const explained = await explainFileError(error, path);
  if (explained instanceof ClawbackError) return explained;
  return new ClawbackError("E_FAILED", `${path}: ${messageOf(error)}`, { cause: error });
}
