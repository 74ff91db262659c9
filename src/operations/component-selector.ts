import { ClawbackError } from "../errors.ts";
import { COMPONENTS, type Component } from "../openclaw/rules.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "../snapshot/node.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { readManifest } from "./manifest.ts";
import { RootIndex } from "./root-index.ts";

/** @throws E_USAGE naming the components there are */
export function checkComponents(names: readonly string[]): Component[] {
  for (const name of names) {
    if (!(COMPONENTS as readonly string[]).includes(name)) {
      throw new ClawbackError("E_USAGE", `there is no component ${JSON.stringify(name)}`, {
        hint: `the components are: ${COMPONENTS.join(", ")}`,
      });
    }
  }
  return names as Component[];
}

/**
 * Tells a snapshot's entries of some components from the others.
 *
 * @throws E_USAGE for an unknown component; E_NO_SNAPSHOT when the snapshot is none of ours
 */
export async function componentSelector(
  repository: Repository,
  snapshot: Snapshot,
  names: readonly string[],
): Promise<(path: Buffer, node: TreeNode) => "take" | "descend" | "skip"> {
  const wanted = new Set(checkComponents(names));
  const manifest = await readManifest(repository, snapshot.tree);
  if (manifest === undefined) {
    throw new ClawbackError(
      "E_NO_SNAPSHOT",
      `snapshot ${snapshot.id.slice(0, 8)} has no manifest: its components are not known`,
      { hint: "restore by path instead: --path <path>" },
    );
  }
  const roots = new RootIndex(manifest.roots);
  return (path, node) => {
    if (node.type === "dir") return "descend";
    const found = roots.classify(path.toString(), false);
    return found !== undefined && wanted.has(found.component) ? "take" : "skip";
  };
}
