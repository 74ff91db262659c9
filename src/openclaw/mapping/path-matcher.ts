import { longestFirst } from "./map-path.ts";
import type { PathMapping } from "./map-path.ts";
import { inNotationOf, placePattern, probesFor } from "./path-pattern.ts";
import { isWithin } from "../user-paths.ts";

/** A text after the mapping. */
export interface Mapped {
  text: string;
  /** References to the old place. */
  count: number;
  /** What names the same place on another machine, and stays: `user@host:/home/al`. */
  elsewhere: number;
}

/** `user@host:` anywhere, `host:` where a word begins: a path of that host follows. */
const REMOTE = /[\w.-]@[\w.-]{1,253}:$|[\s"'][A-Za-z0-9][\w.-]{0,252}:$/;

/** Finds the old places in texts, by the boundaries of paths, and names the new ones instead. */
export class PathMatcher {
  readonly mappings: readonly PathMapping[];
  /** A text that has none of these holds no old place. */
  readonly probes: readonly string[];
  readonly #pattern: RegExp;
  readonly #placed: RegExp | undefined;

  /**
   * @param isDone of texts that were rewritten: new places inside of old ones are not old ones
   */
  constructor(mappings: readonly PathMapping[], { isDone = false } = {}) {
    this.mappings = longestFirst(mappings);
    this.probes = probesFor(mappings);
    this.#pattern = placePattern(this.mappings.map(({ from }) => from));
    const inner = mappings.filter(({ to }) => mappings.some(({ from }) => isWithin(to, from)));
    if (isDone && inner.length > 0) this.#placed = placePattern(inner.map(({ to }) => to));
  }

  /** Whether it is worth looking closer. */
  mayHold(text: string | Buffer): boolean {
    return this.probes.some((probe) => text.includes(probe));
  }

  /** Each old place is named anew, once. */
  rewrite(text: string): Mapped {
    const mapped: Mapped = { text, count: 0, elsewhere: 0 };
    if (!this.mayHold(text)) return mapped;
    const isNew = this.#newPlaces(text);
    mapped.text = text.replace(this.#pattern, (found: string, ...rest: unknown[]) => {
      const mapping = this.mappings[rest.findIndex((group) => group !== undefined)];
      const at = rest[this.mappings.length] as number;
      if (isNew.has(at)) return found;
      const before = text.slice(Math.max(0, at - 300), at);
      if (mapping === undefined || REMOTE.test(before)) {
        mapped.elsewhere += 1;
        return found;
      }
      mapped.count += 1;
      return inNotationOf(found, mapping.to, before);
    });
    return mapped;
  }

  /** Where a new place begins that looks like an old one. */
  #newPlaces(text: string): Set<number> {
    const matches = this.#placed === undefined ? [] : text.matchAll(this.#placed);
    return new Set(Array.from(matches, ({ index }) => index));
  }
}
