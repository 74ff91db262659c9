import type { InstanceCopy } from "../instance-copy.ts";
import { pathsIn } from "../path-tokens.ts";
import type { PathMatcher } from "./path-matcher.ts";
import type { Tally } from "./tally.ts";

/** One going through a copy. */
export interface Pass {
  copy: InstanceCopy;
  matcher: PathMatcher;
  /** What is done with words: to count them, each has to be looked at. */
  words: "rewrite" | "count" | "skip";
  /** Only the second one writes; the last one looks for what is left. */
  stage: "plan" | "write" | "prove";
  tally: Tally;
  /** What the passes know together. */
  known: Known;
  signal: AbortSignal | undefined;
}

export interface Known {
  /** Paths of the old place that something may be kept under a digest of. */
  paths: Set<string>;
  agentIds: string[];
  /** Paths that live texts name, by their places at home: scripts may be among them. */
  named: Set<string>;
}

/** Remembers the paths that a live text names. */
export function remember(pass: Pass, text: string): void {
  for (const path of pathsIn(text, pass.copy.home)) pass.known.named.add(path);
}
