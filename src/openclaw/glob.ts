/**
 * A small glob over paths with `/`: `*` and `?` within a segment, `**` for any number of segments
 * (none too), `{a,b}` for alternatives. Everything else stands for itself. Matching backtracks to
 * the last star only, so its time is bounded by the product of the lengths.
 */
export interface Glob {
  readonly source: string;
  /** Each alternative, in segments. */
  readonly alternatives: readonly (readonly string[])[];
}

export function compileGlob(source: string): Glob {
  return { source, alternatives: expandBraces(source).map((one) => one.split("/")) };
}

/** @param segments of a path relative to the glob's base */
export function matchesGlob(glob: Glob, segments: readonly string[]): boolean {
  for (const pattern of glob.alternatives) {
    const sameDepth = pattern.length === segments.length;
    if ((sameDepth || pattern.includes("**")) && matchesSegments(pattern, segments)) return true;
  }
  return false;
}

function matchesSegments(pattern: readonly string[], path: readonly string[]): boolean {
  return matchStars(
    pattern.length,
    path.length,
    (p) => pattern[p] === "**",
    (p, i) => matchesName(pattern[p] ?? "", path[i] ?? ""),
  );
}

function matchesName(pattern: string, name: string): boolean {
  if (pattern === name || pattern === "*") return true;
  if (!/[*?]/.test(pattern)) return false;
  return matchStars(
    pattern.length,
    name.length,
    (p) => pattern[p] === "*",
    (p, i) => pattern[p] === "?" || pattern[p] === name[i],
  );
}

/** Greedy matching of a sequence against another that has stars. */
function matchStars(
  patternLength: number,
  length: number,
  isStar: (p: number) => boolean,
  matches: (p: number, i: number) => boolean,
): boolean {
  let p = 0;
  let i = 0;
  let star = -1;
  let resume = 0;
  while (i < length) {
    if (p < patternLength && isStar(p)) {
      star = p++;
      resume = i;
    } else if (p < patternLength && matches(p, i)) {
      p += 1;
      i += 1;
    } else if (star >= 0) {
      p = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (p < patternLength && isStar(p)) p += 1;
  return p === patternLength;
}

function expandBraces(source: string): string[] {
  const open = source.indexOf("{");
  if (open < 0) return [source];
  const close = source.indexOf("}", open);
  const before = source.slice(0, open);
  const after = expandBraces(source.slice(close + 1));
  return source
    .slice(open + 1, close)
    .split(",")
    .flatMap((choice) => after.map((rest) => before + choice + rest));
}
