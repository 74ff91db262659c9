import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep, isAbsolute } from "node:path";
import { errno } from "../errors.ts";

/** As many links as Linux follows before it says ELOOP. */
const MAX_LINKS = 40;

/**
 * The path with every symbolic link resolved, also when its tail does not exist yet: a dangling
 * link counts as the place it points to.
 */
export async function realPathOfFuture(path: string, links = 0): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    if (errno(error) !== "ENOENT" && errno(error) !== "ENOTDIR") throw error;
  }
  const parent = dirname(absolute);
  if (parent === absolute) return absolute;
  const here = join(await realPathOfFuture(parent, links), basename(absolute));
  const link = await linkTarget(here);
  if (link === undefined || links >= MAX_LINKS) return here;
  return realPathOfFuture(resolve(dirname(here), link), links + 1);
}

async function linkTarget(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() === true ? readlink(path) : undefined;
}

/** The path itself, or the closest directory above it that exists; links resolved. */
export async function nearestExisting(path: string): Promise<string> {
  let current = await realPathOfFuture(path);
  while ((await idOf(current)) === undefined && dirname(current) !== current) {
    current = dirname(current);
  }
  return current;
}

/**
 * Whether `child` is `parent` or lies below it once both exist, seen through symbolic links and
 * through names that differ only in case where the file system folds case.
 */
export async function isInside(child: string, parent: string): Promise<boolean> {
  const [inner, outer] = await Promise.all([realPathOfFuture(child), realPathOfFuture(parent)]);
  const way = relative(outer, inner);
  if (way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return true;
  const outerId = await idOf(outer);
  if (outerId === undefined) return false;
  for (let current = inner; ; current = dirname(current)) {
    if ((await idOf(current)) === outerId) return true;
    if (dirname(current) === current) return false;
  }
}

/** Whether both paths lie, or would be made, on the same file system. */
export async function sameFileSystem(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map(async (p) => stat(await nearestExisting(p))));
  return left?.dev === right?.dev;
}

/** The root of the file system that holds the path, or would. */
export async function mountPointOf(path: string): Promise<string> {
  let current = await nearestExisting(path);
  const { dev } = await stat(current);
  while (dirname(current) !== current && (await stat(dirname(current))).dev === dev) {
    current = dirname(current);
  }
  return current;
}

async function idOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
