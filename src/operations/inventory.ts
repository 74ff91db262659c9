import { readFileSync } from "node:fs";
import type { Classification } from "../openclaw/classify.ts";
import { countedIn, entriesIn, isTelling, summarise } from "../openclaw/facts.ts";
import type { ComponentPart, ComponentSize } from "./documents.ts";
import type { RootIndex } from "./root-index.ts";

type TableCounts = Readonly<Record<string, number | null>>;

/** What an instance consists of, file by file: a backup and `inspect` add up with this one. */
export class Inventory {
  readonly #roots: RootIndex;
  readonly #parts = new Map<string, ComponentPart & { component: string }>();
  /** Those whose names tell what they hold; the rest is only counted. */
  readonly #telling: { path: string; size: number }[] = [];
  /** Small files that hold a list of something worth counting. */
  readonly #lists: string[] = [];

  constructor(roots: RootIndex) {
    this.#roots = roots;
  }

  /**
   * @param size bytes in the snapshot: a database's are its image's, and a file with several names
   *   counts once for each
   */
  add(path: string, size: number): Classification | undefined {
    const found = this.#roots.classify(path, false);
    const { component = "other", pain: loss = "irreplaceable", secret = false } = found ?? {};
    const key = `${component} ${loss} ${secret}`;
    const part = this.#parts.get(key) ?? { component, loss, secret, files: 0, bytes: 0 };
    this.#parts.set(key, { ...part, files: part.files + 1, bytes: part.bytes + size });
    if (isTelling(path)) this.#telling.push({ path, size });
    if (countedIn(path) !== undefined) this.#lists.push(path);
    return found;
  }

  /** Largest first. */
  components(): ComponentSize[] {
    const sums = Map.groupBy(this.#parts.values(), ({ component }) => component);
    return [...sums]
      .map(([component, parts]) => ({
        component,
        files: parts.reduce((sum, { files }) => sum + files, 0),
        bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      }))
      .sort((a, b) => b.bytes - a.bytes || (a.component < b.component ? -1 : 1));
  }

  /** What one component is made of, largest first. */
  partsOf(component: string): ComponentPart[] {
    return [...this.#parts.values()]
      .filter((part) => part.component === component)
      .map(({ loss, secret, files, bytes }) => ({ loss, secret, files, bytes }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  /**
   * Reads the small files that list something; call it once, when all is added.
   *
   * @param at where the bytes of a path are
   */
  counts(
    databases: ReadonlyMap<string, TableCounts>,
    channels: number,
    at: (path: string) => string = (path) => path,
  ): Record<string, number> {
    const components = this.components();
    return {
      ...summarise({
        databases,
        files: this.#telling,
        entries: new Map(this.#lists.map((path) => [path, entriesOf(at(path))])),
        channels,
      }),
      files: components.reduce((sum, { files }) => sum + files, 0),
      bytes: components.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
}

/** A file that went away meanwhile has none. */
function entriesOf(path: string): number {
  try {
    return entriesIn(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}
