import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { errno } from "../errors.ts";
import { explainFileError } from "./file-errors.ts";

/** What file systems say that cannot fsync a directory (FUSE, SMB, 9p). */
const NO_DIRECTORY_SYNC = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EISDIR", "EBADF"]);

/**
 * Makes the names in a directory durable, where the file system can.
 * @throws the system error when the disk refuses (EIO).
 */
export async function syncDirectory(path: string | Buffer): Promise<void> {
  let handle;
  try {
    handle = await open(path, "r");
    await handle.sync();
  } catch (error) {
    // A directory that may be written but not read (-wx) can still take a file.
    const unreadable = handle === undefined && errno(error) === "EACCES";
    if (!unreadable && !NO_DIRECTORY_SYNC.has(errno(error) ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/**
 * Makes a directory, and those above it, with mode 0700. One that is there already keeps its mode.
 * @throws ClawbackError `E_NO_SPACE`, `E_PERMISSION`; the system error otherwise (EEXIST, ENOTDIR:
 * a file stands in the way).
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) await syncDirectory(dirname(first));
  } catch (error) {
    throw await explainFileError(error, path);
  }
}
