import { lchown, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClawbackError } from "../errors.ts";
import type { PathMapping } from "../openclaw/mapping/map-path.ts";
import type { MappingReport } from "../openclaw/mapping/report.ts";
import { rewriteCopy } from "../openclaw/mapping/rewrite-copy.ts";
import type { Repository } from "../repository/repository.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { copyAsItWas } from "./in-place/copies.ts";
import { giveTo, parseOwner } from "./in-place/owner.ts";
import { readManifest } from "./manifest.ts";

/** What is to be changed in a restored tree. */
export interface Adaptation {
  mappings: readonly PathMapping[];
  /** Rewrite what is words too: Markdown, transcripts. */
  rewriteWords: boolean;
  /** `user[:group]`; undefined: as the snapshot has it, or this user. */
  owner: string | undefined;
}

/** Changes what was restored below a directory. Undefined: there was nothing to rewrite. */
type Adapt = (target: string, signal: AbortSignal) => Promise<MappingReport | undefined>;

/** @throws E_USAGE, E_PERMISSION, E_NO_SNAPSHOT (it is none of ours) before anything is restored */
export async function adaptation(
  repository: Repository,
  { tree, id }: Snapshot,
  { mappings, rewriteWords, owner: asked }: Adaptation,
): Promise<Adapt> {
  const owner = asked === undefined ? undefined : parseOwner(asked);
  const manifest = await readManifest(repository, tree);
  if (manifest === undefined) {
    throw new ClawbackError("E_NO_SNAPSHOT", `snapshot ${id.slice(0, 8)} has no manifest`, {
      hint: "It was not taken by Clawback: restore it without --map and --owner.",
    });
  }
  return async (target, signal) => {
    const copy = copyAsItWas(manifest, (path) => join(target, path));
    const report =
      mappings.length === 0
        ? undefined
        : await rewriteCopy(copy, mappings, { words: rewriteWords, signal });
    for (const root of owner === undefined ? [] : manifest.roots) {
      const top = copy.at(root.realPath);
      const place = { root, within: "", from: root.realPath, live: top };
      const isThere = await lstat(top).catch(() => undefined);
      if (isThere === undefined || owner === undefined) continue;
      giveTo(owner, place, "", top);
      // Else they could not get there.
      for (let way = dirname(top); way.startsWith(target); way = dirname(way)) {
        await lchown(way, owner.uid, owner.gid);
      }
    }
    return report;
  };
}
