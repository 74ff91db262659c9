/** What became of one part of an instance in what a tool gave back. */
export interface Verdict {
  whole: boolean;
  /** What was found, for people. */
  found: string;
}

/** A part of an instance that can be looked for in what a tool gave back. */
export interface Part {
  name: string;
  /**
   * Looks for it below `root`, where absolute paths are laid out as they were on the machine.
   * Reads nothing outside of it: a link back to the live instance is no copy.
   */
  judge(root: string): Verdict;
}

/** As many as there should be, or how many of them. */
export function count(kept: number, of: number, what: string): Verdict {
  return { whole: kept === of, found: `${kept} of ${of} ${what}` };
}
