import { join } from "node:path";
import type { Repository } from "../../repository/repository.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import { restore } from "../../snapshot/restorer.ts";
import { isWithin } from "../../snapshot/tree-walker.ts";
import { ClawbackError } from "../../errors.ts";
import { mapPath } from "../../openclaw/mapping/map-path.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import type { OperationContext } from "../context.ts";
import type { InPlacePlan } from "./plan.ts";
import { pathOf, type Swaps } from "./swaps.ts";
import { verifyBuilt } from "./verify-built.ts";

/** The new trees, where they were built: beside the old ones. */
export interface Built {
  /** Directories of ours that absolute paths are laid out below. */
  directories: string[];
  /** Where the bytes of a path are, by its name in the snapshot. */
  at: (path: string) => string;
  files: number;
  bytes: number;
  warnings: string[];
}

/** Somewhere of the snapshot that is built in one directory. */
interface Region {
  from: Buffer;
  directory: string;
}

/**
 * Builds the new trees on the file systems where they belong, and reads every byte of them back.
 * Nothing that is there is touched.
 *
 * @throws E_DAMAGED when not all of it is what the snapshot has, E_NO_SPACE, E_PERMISSION,
 *   E_INTERRUPTED
 */
export async function build(
  context: OperationContext,
  { repository, signal }: { repository: Repository; signal: AbortSignal },
  transaction: Transaction,
  plan: InPlacePlan,
  { swaps }: Swaps,
): Promise<Built> {
  const regions = await regionsOf(transaction, swaps);
  const directories = [...new Set(regions.map(({ directory }) => directory))];
  const built: Built = {
    directories,
    at: (path) => placeIn(regions, path),
    files: 0,
    bytes: 0,
    warnings: [],
  };
  const { tree } = plan.snapshot;
  const kept = keptPaths(plan);
  for (const directory of directories) {
    const select = selectFor(regions, directory, plan, kept);
    const target = Buffer.from(directory);
    const { progress } = context;
    const result = await restore({ repository, tree, target, select, progress, signal });
    const [fault] = result.faults;
    if (fault !== undefined) {
      throw new ClawbackError(
        fault.damaged ? "E_DAMAGED" : "E_FAILED",
        `${fault.path.toString()} could not be brought back: ${fault.message}`,
        {
          hint: "Nothing was changed. Try an older snapshot, or restore what is whole with --target.",
        },
      );
    }
    built.files += result.files;
    built.bytes += result.bytes;
    const proof = { repository, tree, directory, select, manifest: plan.manifest, signal };
    built.warnings.push(...(await verifyBuilt(proof)));
  }
  return built;
}

async function regionsOf(transaction: Transaction, swaps: Swaps["swaps"]): Promise<Region[]> {
  const regions = new Map<string, Region>();
  for (const swap of swaps) {
    const { from, live } = swap.place;
    if (regions.has(live) || !swap.isInSnapshot) continue;
    const { directory } = await transaction.stage(pathOf(swap), swap.place.live);
    regions.set(live, { from: Buffer.from(from), directory });
  }
  // The innermost first: it decides.
  return [...regions.values()].sort((a, b) => b.from.length - a.from.length);
}

function placeIn(regions: readonly Region[], path: string): string {
  const raw = Buffer.from(path);
  const region = regions.find(({ from }) => isWithin(raw, from)) ?? regions[0];
  return join(region?.directory ?? "/nonexistent", path);
}

function selectFor(
  regions: readonly Region[],
  directory: string,
  { select }: InPlacePlan,
  kept: readonly Buffer[],
) {
  return (path: Buffer, node: TreeNode): "take" | "descend" | "skip" => {
    if (kept.some((each) => isWithin(path, each))) return "skip";
    const region = regions.find(({ from }) => isWithin(path, from));
    if (region?.directory === directory) return select(path, node);
    const leads = node.type === "dir" && regions.some(({ from }) => isWithin(from, path));
    return leads ? "descend" : "skip";
  };
}

/** The sessions that stay as they are here, by their names in the snapshot. */
function keptPaths({ sessions, destination: { mappings } }: InPlacePlan): Buffer[] {
  const back = mappings.map(({ from, to }) => ({ from: to, to: from }));
  return sessions
    .filter(({ keep }) => keep === "live")
    .flatMap(({ paths }) => paths.map((path) => Buffer.from(mapPath(path, back))));
}
