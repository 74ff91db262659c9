import { join } from "node:path";
import { currentProcess } from "../../fs/process-identity.ts";
import { openScratch } from "../../fs/scratch.ts";
import { silentProgress } from "../../progress.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import { restore } from "../../snapshot/restorer.ts";
import type { OperationContext } from "../context.ts";
import { IGNORE_FILE } from "../ignore-file.ts";
import type { Manifest } from "../manifest.ts";
import { RootIndex } from "../root-index.ts";
import type { Session } from "../with-repository.ts";

/** The small part of a snapshot that a plan has to look into. Gone when disposed of. */
export interface Preview extends AsyncDisposable {
  /** Where the bytes of a path are, by its name then; there may be none. */
  at: (path: string) => string;
  /** All files of a moderate size are there. */
  everything: boolean;
}

/** A plan can do without what is larger: it is looked into again before anything is replaced. */
const MOST_BYTES = 64 << 20;

/**
 * Lays out configuration, credentials, ignore files and databases of a moderate size.
 *
 * @param everything all files of a moderate size: for telling which of them a move rewrites
 */
export async function openPreview(
  { places, signal }: OperationContext,
  { repository }: Session,
  { tree, manifest, everything }: { tree: string; manifest: Manifest; everything: boolean },
): Promise<Preview> {
  const scratch = await openScratch(join(places.cacheDir, "scratch"), await currentProcess());
  const directory = join(scratch.path, "preview");
  const roots = new RootIndex(manifest.roots);
  const select = (path: Buffer, node: TreeNode) => {
    if (node.type === "dir") return "descend" as const;
    if (node.type !== "file" && node.type !== "symlink") return "skip" as const;
    if (Number(node.size ?? 0n) > MOST_BYTES) return "skip" as const;
    if (everything || node.name.toString() === IGNORE_FILE) return "take" as const;
    const found = roots.classify(path.toString(), false);
    const isOfUse =
      found !== undefined &&
      (["config", "credentials"].includes(found.component) || found.required);
    return isOfUse ? ("take" as const) : ("skip" as const);
  };
  try {
    const target = Buffer.from(directory);
    await restore({ repository, tree, target, select, progress: silentProgress, signal });
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
  return {
    at: (path) => join(directory, path),
    everything,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
