import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ClawbackError, errno } from "../../errors.ts";
import { currentProcess } from "../../fs/process-identity.ts";
import { openScratch } from "../../fs/scratch.ts";
import { freeBytes } from "../../fs/space.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import { restore, type RestoreResult } from "../../snapshot/restorer.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import { walkTree } from "../../snapshot/tree-walker.ts";
import { zeroBytes } from "../../snapshot/zero-chunk.ts";
import type { OperationContext } from "../context.ts";
import type { Session } from "../with-repository.ts";

/** A snapshot, restored where nobody but this process looks. Gone when disposed of. */
export interface RestoredCopy extends AsyncDisposable {
  /** The absolute paths of the snapshot are laid out below it. */
  directory: string;
  /** For whatever else the drill needs; goes as well. */
  scratch: string;
  result: RestoreResult;
}

/**
 * Restores all of a snapshot into a private directory (0700).
 *
 * @param base where to make it; undefined: below the cache
 * @throws E_NO_SPACE, E_PERMISSION, E_DAMAGED, E_STORAGE_…, E_INTERRUPTED
 */
export async function restoreCopy(
  { places, progress }: OperationContext,
  { repository, signal }: Session,
  { tree }: Snapshot,
  base: string | undefined,
): Promise<RestoredCopy> {
  const place = base === undefined ? join(places.cacheDir, "scratch") : join(base, ".clawback");
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await openScratch(place, await currentProcess())).path;
  stack.defer(() => empty(scratch));
  let bytes = 0;
  for await (const { node } of walkTree(repository, tree, undefined, () => {})) {
    bytes += Number(node.size ?? 0n) - zeroBytes(node);
  }
  await refuseWithoutRoom(scratch, bytes);
  const directory = join(scratch, "restored");
  const target = Buffer.from(directory);
  const result = await restore({ repository, tree, target, select, progress, signal });
  const all = stack.move();
  return { directory, scratch, result, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Devices and pipes hold nothing, and a drill has no use for them. */
function select(_path: Buffer, { type }: TreeNode): "take" | "skip" {
  return isDrilled(type) ? "take" : "skip";
}

export function isDrilled(type: TreeNode["type"]): boolean {
  return type === "file" || type === "dir" || type === "symlink";
}

async function refuseWithoutRoom(place: string, bytes: number): Promise<void> {
  const free = await freeBytes(place);
  if (free >= bytes) return;
  const mib = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  throw new ClawbackError(
    "E_NO_SPACE",
    `the drill restores ${mib(bytes)}, and there is room for ${mib(free)} in ${place}`,
    { hint: "free some space, or name a directory on another disk with --sandbox" },
  );
}

/** Directories may have come back read-only: what is in them goes only when they are not. */
async function empty(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(errno(error) ?? "")) throw error;
      await makeWritable(Buffer.from(path));
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function makeWritable(directory: Buffer): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true, encoding: "buffer" })) {
    if (!entry.isDirectory()) continue;
    await makeWritable(Buffer.concat([directory, Buffer.from("/"), entry.name]));
  }
}
