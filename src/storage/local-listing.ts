import { lstat, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../errors.ts";
import { DIRECTORIES, isFileName } from "./names.ts";
import type { FileInfo, FileType } from "./storage.ts";

/** `<name>-tmp-<random>`: what we and restic write before a file gets its name. */
const TEMPORARY = /^(?:[0-9a-f]{64}|config)-tmp-[0-9a-f]+$/;
const DAY = 24 * 60 * 60 * 1000;
/** Of a network share each costs a round trip. */
const STATS_AT_ONCE = 32;
const PAIR = /^[0-9a-f]{2}$/;

/** The files of one type under a repository's root. */
export async function* listFiles(root: string, type: FileType): AsyncIterable<FileInfo> {
  if (type === "config") {
    const size = await sizeOf(join(root, "config"));
    if (size !== undefined) yield { name: "", size };
    return;
  }
  for await (const directory of directoriesOf(root, type)) {
    const names = (await namesIn(directory)).filter(
      (name) => isFileName(name) && (type !== "pack" || directory.endsWith(name.slice(0, 2))),
    );
    for (let i = 0; i < names.length; i += STATS_AT_ONCE)
      yield* await sizesOf(directory, names.slice(i, i + STATS_AT_ONCE));
  }
}

/**
 * Removes the temporary files of writers that were killed. A writer touches its file with every
 * write, so one left alone for a whole day has none; if it had (a machine that slept), that
 * writer's `save` finds the file gone and writes it anew.
 * @param now the file system's time, milliseconds since the epoch
 */
export async function removeStaleTemporaries(root: string, now: number): Promise<void> {
  for await (const directory of everyDirectory(root)) {
    for (const name of await namesIn(directory)) {
      if (!TEMPORARY.test(name)) continue;
      const path = join(directory, name);
      const info = await lstat(path).catch(() => undefined);
      if (info?.isFile() === true && now - info.mtimeMs > DAY) await unlink(path);
    }
  }
}

async function* everyDirectory(root: string): AsyncIterable<string> {
  yield root;
  for (const type of Object.keys(DIRECTORIES) as (keyof typeof DIRECTORIES)[]) {
    yield* directoriesOf(root, type);
  }
}

async function* directoriesOf(root: string, type: keyof typeof DIRECTORIES): AsyncIterable<string> {
  const directory = join(root, DIRECTORIES[type]);
  if (type !== "pack") {
    yield directory;
    return;
  }
  for (const pair of await namesIn(directory)) {
    if (PAIR.test(pair)) yield join(directory, pair);
  }
}

/** Names in a directory; none when it is not there. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errno(error) === "ENOENT") return [];
    throw error;
  }
}

async function sizesOf(directory: string, names: string[]): Promise<FileInfo[]> {
  const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
  return names.flatMap((name, i) => {
    const size = sizes[i];
    return size === undefined ? [] : [{ name, size }];
  });
}

/** Bytes, or undefined for what is no file, or no longer there. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await stat(path);
    return info.isFile() ? info.size : undefined;
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}
