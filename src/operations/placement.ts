import type { Classification } from "../openclaw/classify.ts";
import type { InstanceItem, OutsidePlace } from "./documents.ts";
import type { KnownRoot, Located, RootIndex } from "./root-index.ts";

/** Adds up where files lie, in the places by which a person knows them. */
export class Placement {
  readonly #roots: RootIndex;
  readonly #items = new Map<string, InstanceItem>();
  readonly #outside = new Map<KnownRoot, { files: number; bytes: number }>();

  constructor(roots: RootIndex) {
    this.#roots = roots;
    for (const root of roots.roots) {
      if (root.kind !== "state") this.#outside.set(root, { files: 0, bytes: 0 });
    }
  }

  /** @param size bytes in the snapshot */
  add(path: string, size: number, found: Classification): void {
    const located = this.#roots.locate(path);
    if (located === undefined) return;
    this.#addItem(placeOf(located), size, found);
    const sum = this.#outside.get(located.root);
    if (sum === undefined) return;
    sum.files += 1;
    sum.bytes += size;
  }

  /** Every component's entries of the state directory and places outside, largest first. */
  items(): InstanceItem[] {
    return [...this.#items.values()].sort((a, b) => b.bytes - a.bytes || compare(a.path, b.path));
  }

  /** Every root but the state directory, largest first. */
  outside(): OutsidePlace[] {
    return [...this.#outside]
      .map(([{ kind, path, realPath, why }, sum]) => ({ kind, path, realPath, why, ...sum }))
      .sort((a, b) => b.bytes - a.bytes || compare(a.path, b.path));
  }

  #addItem(
    path: string,
    size: number,
    { component, pain, secret, machineBound }: Classification,
  ): void {
    const key = [component, path, pain, secret, machineBound].join("\0");
    let item = this.#items.get(key);
    if (item === undefined) {
      const rebuildable = pain === "rebuildable";
      const about = { component, path, loss: pain, secret, rebuildable, machineBound };
      this.#items.set(key, (item = { ...about, files: 0, bytes: 0 }));
    }
    item.files += 1;
    item.bytes += size;
  }
}

/** What a person knows it by: an entry of the state directory, or a place outside as a whole. */
function placeOf({ root, relative }: Located): string {
  if (root.kind !== "state" || relative === "") return root.path;
  return `${root.path}/${relative.split("/", 1)[0]}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
