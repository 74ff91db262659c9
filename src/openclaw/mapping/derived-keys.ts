import { createHash } from "node:crypto";
import { mapPath } from "./map-path.ts";
import type { PathMapping } from "./map-path.ts";

/** The shortest digest that OpenClaw keeps of a path and that cannot be anything else. */
const SHORTEST = 16;
const DIGEST = /(?<![0-9A-Za-z])[0-9a-f]{16,64}(?![0-9A-Za-z])/g;

/**
 * OpenClaw finds some of what it knows of a place by a digest of its path: `workspace_key`, the
 * keys of memory and of plugins' states, `onboarding.local.<digest>`. SHA-256 in hexadecimal, whole
 * or the beginning of it, of the path alone or of an agent's id, NUL and the path. What was kept
 * under the old place's digest is nobody's until it lies under the new one's.
 */
export class DerivedKeys {
  /** Old to new digest, by the old one's beginning. */
  readonly #digests = new Map<string, { old: string; moved: string }>();

  /** @param paths of the old place, absolute */
  constructor(
    paths: Iterable<string>,
    agentIds: readonly string[],
    mappings: readonly PathMapping[],
  ) {
    for (const path of paths) {
      const moved = mapPath(path, mappings);
      if (moved === path) continue;
      this.#add(path, moved);
      for (const id of agentIds) this.#add(`${id}\0${path}`, `${id}\0${moved}`);
    }
  }

  #add(before: string, after: string): void {
    const old = digest(before);
    this.#digests.set(old.slice(0, SHORTEST), { old, moved: digest(after) });
  }

  /** Each digest of an old path becomes as much of the new path's. */
  rewrite(text: string): { text: string; count: number } {
    let count = 0;
    const written = text.replace(DIGEST, (found) => {
      const known = this.#digests.get(found.slice(0, SHORTEST));
      if (known === undefined || !known.old.startsWith(found)) return found;
      count += 1;
      return known.moved.slice(0, found.length);
    });
    return { text: written, count };
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
