import type { Classification, HasSibling } from "../openclaw/classify.ts";
import { type ClassifiedRoot, classifyIn, type Root } from "../openclaw/roots.ts";

/** What is needed of a root to say what lies below it; the manifest keeps it. */
export type KnownRoot = ClassifiedRoot & Pick<Root, "path" | "realPath" | "why" | "isDirectory">;

/** Finds the root of an absolute path, and says what the path is. */
export class RootIndex {
  readonly #roots: readonly { root: KnownRoot; prefix: string }[];

  constructor(roots: readonly KnownRoot[]) {
    this.#roots = roots.map((root) => ({ root, prefix: `${root.realPath}/` }));
  }

  /** Undefined for what is below no root: the directories that lead there. */
  classify(
    path: string,
    isDirectory: boolean,
    hasSibling?: HasSibling,
  ): Classification | undefined {
    for (const { root, prefix } of this.#roots) {
      if (path.startsWith(prefix)) {
        return classifyIn(root, path.slice(prefix.length), isDirectory, hasSibling);
      }
      if (path === root.realPath) {
        const { component, secret } = root;
        return { component, secret, pain: "irreplaceable", leaveOut: undefined };
      }
    }
    return undefined;
  }
}
