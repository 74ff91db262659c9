import { statfs } from "node:fs/promises";
import { nearestExisting } from "./paths.ts";

/** Bytes this user may still write where `path` lies, or would be made. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestExisting(path));
  return bavail * bsize;
}
