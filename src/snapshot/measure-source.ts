import type { BigIntStats } from "node:fs";
import { ENTRIES_A_TURN, takeTurn } from "./turns.ts";
import { type Selector, walk } from "./walker.ts";

/** How much there is to store at most. */
export interface SourceSize {
  files: number;
  bytes: number;
  /** Bytes that they take on their disk, without holes; unknown: as many as `bytes`. */
  allocated?: number;
}

/** What a file adds to `SourceSize.allocated`. */
export function allocatedBytes({ size, blocks }: BigIntStats): number {
  return Math.min(Number(size), Number(blocks) * 512);
}

/** A first walk for the totals: progress that can tell how long, tables that need not grow. */
export async function measureSource(
  roots: readonly Buffer[],
  select: Selector,
  signal: AbortSignal,
): Promise<SourceSize> {
  const total = { files: 0, bytes: 0, allocated: 0 };
  let entries = 0;
  for (const step of walk(roots, select, { measure: false })) {
    if (step.kind === "entry" && step.entry.stat.isFile()) {
      total.files++;
      total.bytes += Number(step.entry.stat.size);
      total.allocated += allocatedBytes(step.entry.stat);
    }
    if (++entries % ENTRIES_A_TURN === 0) await takeTurn(signal);
  }
  return total;
}
