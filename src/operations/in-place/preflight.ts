import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ClawbackError } from "../../errors.ts";
import { nearestExisting } from "../../fs/paths.ts";
import type { Swap } from "./merge.ts";
import { pathOf } from "./swaps.ts";

/**
 * Every directory in which something is to be renamed can be written to.
 * @throws E_PERMISSION naming those that cannot
 */
export async function refuseWithoutPermission(swaps: readonly Swap[]): Promise<void> {
  const refused = new Set<string>();
  const looked = new Map<string, boolean>();
  for (const swap of swaps) {
    const path = pathOf(swap);
    // Where only the directory itself may be written to, what is in it is exchanged.
    const place = await nearestExisting(dirname(path));
    const may = looked.get(place) ?? (await mayWrite(place));
    looked.set(place, may);
    if (may || (await isDirectoryToWrite(path))) continue;
    refused.add(place);
  }
  if (refused.size === 0) return;
  throw new ClawbackError("E_PERMISSION", `cannot write to ${[...refused].join(", ")}`, {
    hint: "Nothing was changed. Run as the user it belongs to (sudo -u …), or restore a part with --path or --component.",
  });
}

function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isDirectoryToWrite(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() === true && (await mayWrite(path));
}
