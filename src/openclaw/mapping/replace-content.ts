import { chmod, lchown, lstat, open, rename, stat, symlink } from "node:fs/promises";
import { errno } from "../../errors.ts";

/**
 * Puts other bytes into a file: the same inode, owner, mode and hard links as before, even where
 * the mode forbids writing. Meant for copies that nobody reads yet.
 */
export async function replaceContent(path: string, content: string): Promise<void> {
  const { mode } = await stat(path);
  try {
    await overwrite(path, content);
  } catch (error) {
    if (errno(error) !== "EACCES") throw error;
    await chmod(path, mode | 0o200);
    await overwrite(path, content);
    await chmod(path, mode & 0o7777);
  }
}

async function overwrite(path: string, content: string): Promise<void> {
  await using file = await open(path, "r+");
  await file.writeFile(content);
  await file.truncate(Buffer.byteLength(content));
  await file.sync();
}

/** Lets a link lead somewhere else; it stays its owner's. */
export async function replaceLink(path: string, target: string): Promise<void> {
  const { uid, gid } = await lstat(path);
  const beside = `${path}.clawback-${process.pid}`;
  await symlink(target, beside);
  if (process.getuid?.() === 0) await lchown(beside, uid, gid);
  await rename(beside, path);
}
