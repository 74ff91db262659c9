import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * Every file and link below a directory: relative path to permissions and SHA-256 of the content
 * (of a link: its target). Directories count only through what they hold. Opens nothing but plain
 * files, and those with plain reads.
 */
export async function fingerprint(dir: string): Promise<Map<string, string>> {
  const result = new Map<string, string>();
  const names = await readdir(dir, { recursive: true });
  for (const name of names.toSorted()) {
    const path = join(dir, name);
    const stats = await lstat(path);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) result.set(name, `${mode} -> ${await readlink(path)}`);
    if (stats.isFile()) result.set(name, `${mode} ${await hashFile(path)}`);
  }
  return result;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
