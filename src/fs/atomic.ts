import { randomBytes } from "node:crypto";
import { link, lstat, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errno } from "../errors.ts";
import { syncDirectory } from "./directories.ts";
import { explainFileError } from "./file-errors.ts";

export interface WriteOptions {
  /** Permission bits, whatever the umask. Default 0600. */
  mode?: number;
}

/** What comes of a hard link where there are none: exFAT, SMB, FUSE (EIO with rclone's), Android. */
const NO_LINKS = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EIO"]);
/** File systems without modes (SMB, exFAT) refuse a chmod; the mount's options decide there. */
const NO_CHMOD = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"]);

/**
 * Replaces a file as a whole: at every moment, also after a power cut, its name leads to the old
 * bytes or to the new ones. A symbolic link is replaced, not followed.
 * @throws ClawbackError `E_NO_SPACE`, `E_PERMISSION`; the system error otherwise.
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  options: WriteOptions = {},
): Promise<void> {
  await throughTemporary(path, data, options, (temporary) => rename(temporary, path));
}

/**
 * Writes a file that must not be there yet, durably and all or nothing.
 * Where hard links are missing it looks first and renames then: two writers of the same name in
 * the same instant are not told apart there.
 * @throws the system error EEXIST when the name is taken; ClawbackError `E_NO_SPACE`,
 * `E_PERMISSION`; the system error otherwise.
 */
export async function writeNewFile(
  path: string,
  data: Uint8Array | string,
  options: WriteOptions = {},
): Promise<void> {
  await throughTemporary(path, data, options, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (NO_LINKS.has(errno(error) ?? "")) await renameToNew(temporary, path);
      else if (errno(error) !== "EEXIST" || !(await sameFile(temporary, path))) throw error;
    }
  });
}

/** NFS repeats a request whose answer was lost, and then finds the link that it made itself. */
async function sameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((path) => lstat(path, { bigint: true })));
  return left?.dev === right?.dev && left?.ino === right?.ino;
}

async function renameToNew(temporary: string, path: string): Promise<void> {
  const taken = await lstat(path).then(
    () => true,
    () => false,
  );
  if (taken) throw Object.assign(new Error(`EEXIST: ${path}`), { code: "EEXIST" });
  await rename(temporary, path);
}

/** The name under which a file is written before it gets its own: beside it, so that rename works. */
function temporaryName(path: string): string {
  return `${path}-tmp-${randomBytes(8).toString("hex")}`;
}

async function throughTemporary(
  path: string,
  data: Uint8Array | string,
  { mode = 0o600 }: WriteOptions,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, data, mode);
    await publish(temporary);
    await rm(temporary, { force: true });
    await syncDirectory(dirname(path));
  } catch (error) {
    // The first error is the one to report; a leftover is swept by its owner later.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw await explainFileError(error, path);
  }
}

async function writeDurably(path: string, data: Uint8Array | string, mode: number): Promise<void> {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  // Opened writable for the owner even if it ends read-only: some NFS servers check each write.
  const file = await open(path, "wx", mode | 0o200);
  try {
    for (let offset = 0; offset < bytes.length;) {
      offset += (await file.write(bytes, offset)).bytesWritten;
    }
    await file.chmod(mode).catch((error: unknown) => {
      if (!NO_CHMOD.has(errno(error) ?? "")) throw error;
    });
    await file.sync();
  } finally {
    await file.close();
  }
}
