import { isAbsolute, normalize } from "node:path";
import { ClawbackError } from "../errors.ts";
import { KINDS } from "../openclaw/root-kinds.ts";
import { isWithin } from "../openclaw/user-paths.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "../snapshot/node.ts";
import { loadTree } from "../snapshot/tree-walker.ts";
import type { KnownRoot } from "./root-index.ts";

/** What a manifest says of places. */
interface NamedPlaces {
  instance: { stateDir: string; configPath: string | null; home: string };
  roots: readonly Pick<KnownRoot, "kind" | "path" | "realPath">[];
  databases: readonly { path: string }[];
}

/**
 * A manifest says what a snapshot is, and may be anybody's who could write to the repository. The
 * places that it names are looked into where the snapshot is laid out: none of them may lead out of
 * there.
 *
 * @throws E_DAMAGED when it does not name places as a backup does
 */
export async function refuseStrangePlaces(
  repository: Repository,
  tree: string,
  manifest: NamedPlaces,
): Promise<void> {
  refuseStrangeNames(manifest);
  const { roots, instance } = manifest;
  const own = [instance.stateDir, instance.configPath ?? instance.stateDir].filter(
    (path) => !roots.some((root) => isWithin(path, root.path)),
  );
  for (const path of [...roots.map(({ realPath }) => realPath), ...own]) {
    if (await leadsThroughLink(repository, tree, path)) throw strange(path);
  }
}

/** @throws E_DAMAGED */
export function refuseStrangeNames({ instance, roots, databases }: NamedPlaces): void {
  const entries: readonly unknown[] = [...roots, ...databases];
  for (const each of entries) if (typeof each !== "object" || each === null) throw strange(each);
  const named = [
    instance.stateDir,
    instance.home,
    instance.configPath ?? "/",
    ...roots.flatMap(({ path, realPath }) => [path, realPath]),
    ...databases.map(({ path }) => path),
  ];
  for (const path of named) if (!isPlain(path)) throw strange(path);
  for (const { kind, path } of roots) if (!Object.hasOwn(KINDS, kind)) throw strange(path);
}

function isPlain(path: unknown): boolean {
  return typeof path === "string" && isAbsolute(path) && normalize(path) === path;
}

/** Whether the snapshot has a link there, or on the way there. */
async function leadsThroughLink(
  repository: Repository,
  tree: string,
  path: string,
): Promise<boolean> {
  let subtree: string | undefined = tree;
  for (const part of path.split("/").filter(Boolean)) {
    if (subtree === undefined) return false;
    const name = Buffer.from(part);
    const nodes: TreeNode[] = await loadTree(repository, subtree);
    const node = nodes.find((each) => each.name.equals(name));
    if (node?.type === "symlink") return true;
    subtree = node?.type === "dir" ? node.subtree : undefined;
  }
  return false;
}

function strange(path: unknown): ClawbackError {
  return new ClawbackError(
    "E_DAMAGED",
    `the manifest names a place that is none: ${String(path)}`,
    { hint: "No backup writes that. Restore the snapshot with --target, and look at it." },
  );
}
