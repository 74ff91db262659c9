import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../../errors.ts";
import type { CopyRoot, InstanceCopy } from "../instance-copy.ts";

/** A file or link of a copy. */
export interface CopyEntry {
  root: CopyRoot;
  /** Relative to the root; empty for a root that is a file. */
  below: string;
  /** By its place at home. */
  path: string;
  /** Where its bytes are. */
  at: string;
  isLink: boolean;
}

/** All files and links of a copy, each once. What is not in the copy is passed by. */
export async function* entriesOf(copy: InstanceCopy): AsyncGenerator<CopyEntry> {
  for (const root of copy.roots) {
    const info = await lstat(copy.at(root.realPath)).catch((error: unknown) => {
      if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR") return undefined;
      throw error;
    });
    if (info === undefined) continue;
    if (info.isDirectory()) yield* within(copy, root, "");
    else if (info.isFile()) yield entry(copy, root, "", false);
  }
}

async function* within(
  copy: InstanceCopy,
  root: CopyRoot,
  below: string,
): AsyncGenerator<CopyEntry> {
  const listed = await readdir(copy.at(join(root.realPath, below)), { withFileTypes: true });
  const names = new Set(listed.map(({ name }) => name));
  for (const found of listed.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // What SQLite keeps beside a database comes and goes with it.
    const database = /^(.*)-(?:wal|shm|journal)$/.exec(found.name)?.[1];
    if (database !== undefined && names.has(database)) continue;
    const inside = below === "" ? found.name : `${below}/${found.name}`;
    // Another root that lies in here in the copy alone is walked by itself.
    if (copy.roots.some(({ realPath }) => realPath === join(root.realPath, inside))) continue;
    if (found.isDirectory()) yield* within(copy, root, inside);
    else if (found.isFile() || found.isSymbolicLink()) {
      yield entry(copy, root, inside, found.isSymbolicLink());
    }
  }
}

function entry(copy: InstanceCopy, root: CopyRoot, below: string, isLink: boolean): CopyEntry {
  const path = below === "" ? root.realPath : join(root.realPath, below);
  return { root, below, path, at: copy.at(path), isLink };
}
