import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../../errors.ts";
import type { Classification } from "../classify.ts";
import type { CopyRoot, InstanceCopy } from "../instance-copy.ts";
import { classifyIn } from "../roots.ts";

/** A file (or socket, or link) of a copy. */
export interface CopiedFile {
  /** As at home. */
  path: string;
  /** Where its bytes are. */
  at: string;
  isFile: boolean;
  classification: Classification;
}

/** All files of a copy but those in places that are made anew anyway, `tmp` excepted. */
export async function* copiedFiles(copy: InstanceCopy): AsyncGenerator<CopiedFile> {
  for (const root of copy.roots) {
    const at = copy.at(root.realPath);
    const info = await lstat(at).catch(() => undefined);
    if (info?.isDirectory() === true) yield* filesBelow(copy, root, "");
    else if (info !== undefined) {
      const classification = classifyIn(root, "", false);
      yield { path: root.realPath, at, isFile: info.isFile(), classification };
    }
  }
}

async function* filesBelow(
  copy: InstanceCopy,
  root: CopyRoot,
  below: string,
): AsyncGenerator<CopiedFile> {
  const directory = join(root.realPath, below);
  const entries = await entriesOf(copy.at(directory));
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries) {
    const relative = below === "" ? entry.name : `${below}/${entry.name}`;
    const isDirectory = entry.isDirectory();
    const classification = classifyIn(root, relative, isDirectory, (name) => names.has(name));
    if (isDirectory) {
      // The gateway's own lock lies in there (`tmp/openclaw-<uid>/gateway.state.lock`).
      const isTmp = root.kind === "state" && /^tmp(\/openclaw-[^/]*)?$/.test(relative);
      if (classification.leaveOut === undefined || isTmp) yield* filesBelow(copy, root, relative);
      continue;
    }
    const path = join(directory, entry.name);
    yield { path, at: copy.at(path), isFile: entry.isFile(), classification };
  }
}

/** None where the name is not UTF-8 or nobody may look: OpenClaw does not get there either. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "EACCES"].includes(errno(error) ?? "")) return [];
    throw error;
  }
}
