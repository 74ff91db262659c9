/** One tree, or one file, that is to be replaced by another. */
export interface Replacement {
  /** Where it stands: absolute, links resolved. It need not exist. */
  live: string;
  /**
   * What is to stand there, below the staging of `live`. Undefined: `live` is taken away. After the
   * swap, what stood at `live` is here.
   */
  staged: string | undefined;
  /**
   * What stays, whatever `staged` holds: moved from the old tree into the new one. Relative to
   * `live`, the bytes of the names as latin1. The directories that lead there exist in `staged`.
   * The empty one: `live` itself stays, a file that `barred` stands in for and nothing else.
   */
  carry: readonly string[];
  /** `whole`: the tree is renamed. `children`: what is in it is, as a mount point must stay. */
  how: "whole" | "children";
  /**
   * A file that stands in `live` while the swap is under way, so that nothing starts from half a
   * tree: a configuration that no program accepts. Where `live` is a file it stands in for it.
   */
  barred?: { name: string; content: string };
}

/** Where the new tree of a root is built. */
export interface Staging {
  directory: string;
  how: Replacement["how"];
}

/** What those who finish a transaction need to know. Plain JSON that nothing here looks into. */
export type TransactionAbout = Readonly<Record<string, unknown>>;

/**
 * How far a transaction is. `building`: nothing live was touched. `swapping`, `reverting`: on the
 * way. `swapped`: the new trees stand, the old ones are at hand. The rest is over.
 */
export type Phase =
  | "building"
  | "swapping"
  | "swapped"
  | "reverting"
  | "removing"
  | "committed"
  | "reverted";
