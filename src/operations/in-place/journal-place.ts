import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { OperationContext } from "../context.ts";

/** Where restores in place keep their journals. */
export function journalDir({ places }: Pick<OperationContext, "places">): string {
  return join(places.stateDir, "journal");
}

/**
 * Whether one is under way, or was cut off. A look at names alone: commands that are run often load
 * no more than they need.
 */
export async function isRestoreOpen(context: Pick<OperationContext, "places">): Promise<boolean> {
  const names = await readdir(journalDir(context)).catch(() => []);
  return names.some((name) => /^(open|closing)-[0-9a-f]{16}\.json$/.test(name));
}
