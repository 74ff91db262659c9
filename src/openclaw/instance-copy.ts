import type { ClassifiedRoot, Root } from "./roots.ts";

/** What a manifest keeps of a root: enough to say what lies below it. */
export type CopyRoot = ClassifiedRoot & Pick<Root, "path" | "realPath" | "isDirectory">;

/**
 * An instance whose files lie somewhere else than where they are at home: in the staging of a
 * restore, in a drill's sandbox, below `--target`. Everything that judges, changes or runs a copy
 * asks `at` where a file of it lies.
 */
export interface InstanceCopy {
  /** Where the state directory is at home: absolute, links resolved. */
  stateDir: string;
  /** The same of the configuration; undefined: it has none. */
  configPath: string | undefined;
  /** What `~` means to it. */
  home: string;
  /** All that belongs to it, by its place at home. The state directory comes first. */
  roots: readonly CopyRoot[];
  /**
   * Where the bytes of a path are that is named as at home.
   * @param path absolute, as `realPath` of a root has it
   */
  at(path: string): string;
}
