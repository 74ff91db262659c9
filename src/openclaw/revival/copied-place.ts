import { lstat, readlink } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { InstanceCopy } from "../instance-copy.ts";
import { isWithin } from "../user-paths.ts";

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where the bytes of a path are, in the copy. Its links lead where they lead at home, and to what
 * is there only as far as the copy has it: the original is not to be touched.
 *
 * @param path as at home
 * @returns undefined: the copy has no such thing
 */
export async function placeInCopy(
  copy: InstanceCopy,
  path: string,
  links = 0,
): Promise<string | undefined> {
  const root = copy.roots.find(({ realPath }) => isWithin(path, realPath));
  if (root === undefined || links > MAX_LINKS) return undefined;
  const names = relative(root.realPath, path).split(sep).filter(Boolean);
  let place = root.realPath;
  for (const [index, name] of names.entries()) {
    place = join(place, name);
    const info = await lstat(copy.at(place)).catch(() => undefined);
    if (info === undefined) return undefined;
    if (!info.isSymbolicLink()) continue;
    const target = resolve(dirname(place), await readlink(copy.at(place)));
    return placeInCopy(copy, join(target, ...names.slice(index + 1)), links + 1);
  }
  return copy.at(place);
}
