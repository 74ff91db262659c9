import type { Classification, HasSibling } from "../openclaw/classify.ts";
import { agentIn, type ClassifiedRoot, classifyIn, type Root } from "../openclaw/roots.ts";

/** What is needed of a root to say what lies below it; the manifest keeps it. */
export type KnownRoot = ClassifiedRoot & Pick<Root, "path" | "realPath" | "why" | "isDirectory">;

/** A path and the root that it lies in. */
export interface Located {
  root: KnownRoot;
  /** Relative to the root's `realPath`; empty for the root itself. */
  relative: string;
}

/** Finds the root of an absolute path, and says what the path is. */
export class RootIndex {
  readonly roots: readonly KnownRoot[];
  readonly #prefixed: readonly { root: KnownRoot; prefix: string }[];

  constructor(roots: readonly KnownRoot[]) {
    this.roots = roots;
    this.#prefixed = roots.map((root) => ({ root, prefix: `${root.realPath}/` }));
  }

  /** Undefined for what is below no root: the directories that lead there. */
  locate(path: string): Located | undefined {
    for (const { root, prefix } of this.#prefixed) {
      if (path.startsWith(prefix)) return { root, relative: path.slice(prefix.length) };
      if (path === root.realPath) return { root, relative: "" };
    }
    return undefined;
  }

  /** Undefined as for `locate`. */
  classify(
    path: string,
    isDirectory: boolean,
    hasSibling?: HasSibling,
  ): Classification | undefined {
    const located = this.locate(path);
    return located && classifyAt(located, isDirectory, hasSibling);
  }
}

export function classifyAt(
  { root, relative }: Located,
  isDirectory: boolean,
  hasSibling?: HasSibling,
): Classification {
  return classifyIn(root, relative, isDirectory, hasSibling);
}

/** Whose it is; undefined for what all agents share. */
export function agentAt({ root, relative }: Located): string | undefined {
  return agentIn(root, relative);
}
