import type { HolderKind, LeftAlone, MappingReport, Rewriting } from "./report.ts";

/** A file with more places than these is told of as a whole. */
const MAX_PLACES = 50;

/** Collects what one pass over a copy finds. */
export class Tally {
  readonly #rewritten = new Map<string, { kind: HolderKind; counts: Map<string, number> }>();
  readonly #left = new Map<string, LeftAlone>();

  /** @param counts by where in the file */
  rewritten(path: string, kind: HolderKind, counts: ReadonlyMap<string, number>): void {
    if (counts.size === 0) return;
    const file = this.#rewritten.get(path) ?? { kind, counts: new Map<string, number>() };
    for (const [at, count] of counts) file.counts.set(at, (file.counts.get(at) ?? 0) + count);
    this.#rewritten.set(path, file);
  }

  /** Nothing is told of nothing, unless nobody looked: then the count is left open as 0. */
  left(path: string, at: string, why: string, count: number): void {
    const key = JSON.stringify([path, at, why]);
    const known = this.#left.get(key);
    if (known === undefined) this.#left.set(key, { path, at, why, count });
    else known.count += count;
  }

  report(): Pick<MappingReport, "rewritten" | "left"> {
    const rewritten = [...this.#rewritten].flatMap(([path, { kind, counts }]): Rewriting[] => {
      if (counts.size <= MAX_PLACES) {
        return [...counts].map(([at, count]) => ({ path, at, kind, count }));
      }
      const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
      return [{ path, at: "", kind, count }];
    });
    return { rewritten, left: [...this.#left.values()] };
  }
}
