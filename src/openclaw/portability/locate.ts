import { lstat, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { InstanceCopy } from "../instance-copy.ts";
import { isWithin } from "../user-paths.ts";

/** As many links as Linux follows before it says ELOOP. */
const MAX_LINKS = 40;

/**
 * The place of a path at home with the links on its way resolved. In a copy a link says where its
 * target is at home: followed as it stands it would lead into the live instance.
 */
export async function locate(copy: InstanceCopy, path: string): Promise<string> {
  let wanted = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const next = await throughFirstLink(copy, throughRoot(copy, wanted));
    if (next.isPlain) return next.path;
    wanted = next.path;
  }
  return wanted;
}

/** A root's bytes are where its name leads to. */
function throughRoot({ roots }: InstanceCopy, path: string): string {
  const root = roots.find((each) => each.path !== each.realPath && isWithin(path, each.path));
  return root === undefined ? path : root.realPath + path.slice(root.path.length);
}

async function throughFirstLink(
  copy: InstanceCopy,
  path: string,
): Promise<{ path: string; isPlain: boolean }> {
  const root =
    copy.roots.map(({ realPath }) => realPath).find((each) => isWithin(path, each)) ??
    (isWithin(path, copy.stateDir) ? copy.stateDir : "/");
  let at = root;
  const parts = path.slice(root.length).split("/").filter(Boolean);
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const info = await lstat(copy.at(at)).catch(() => undefined);
    if (info?.isSymbolicLink() !== true) continue;
    const target = resolve(dirname(at), await readlink(copy.at(at)));
    return { path: join(target, ...parts.slice(index + 1)), isPlain: false };
  }
  return { path, isPlain: true };
}
