import ignore, { type Ignore } from "ignore";

/** Patterns of one place, ready to be matched against paths relative to the top of a root. */
export type PatternSet = Ignore;

/** A line of patterns, as latin1. */
export interface PatternLine {
  text: string;
  /** What its author wrote, if that is not the same. */
  written?: string;
}

/** What the patterns say of one path. */
export interface Verdict {
  /** The pattern that excludes it and where it stands; undefined: none does. */
  excludedBy: string | undefined;
  /** A pattern with `!` speaks for this very path. */
  broughtBack: boolean;
}

/** Each costs a look at every path; who lists thousands means a directory. */
const MAX_PATTERNS = 1000;
const MAX_LENGTH = 4096;
/** Of one place. An agent may write what it likes into its ignore files. */
const MAX_COMPLAINTS = 10;
/** Matching takes the path's depth to this power: 2 is quick however deep a tree is. */
const MAX_GLOBSTARS = 2;

/**
 * Reads patterns in gitignore's syntax (git's own manual, gitignore(5)): comments and blank lines
 * are none. Bytes as latin1, as git compares them: names need not be UTF-8.
 *
 * @param from where they stand, in a person's words: `--exclude`
 * @param base the directory that they count from, relative to the root's top, as latin1; "" for
 *   the top itself
 * @param warn told of what cannot be a pattern; such a line excludes nothing
 */
export function parsePatterns(
  lines: readonly PatternLine[],
  base: string,
  from: string,
  warn: (message: string) => void,
): PatternSet | undefined {
  const patterns: { pattern: string; mark: string }[] = [];
  let bad = 0;
  for (const line of lines) {
    const text = withoutTrailingSpaces(line.text);
    const shown = `${from}: ${readable(line.written ?? text)}`;
    if (text === "" || text.startsWith("#")) continue;
    const problem = problemOf(text);
    if (problem !== undefined) {
      if (++bad <= MAX_COMPLAINTS) warn(`${shown}: ${problem}; it excludes nothing`);
      if (bad === MAX_COMPLAINTS) warn(`${from}: further lines like that are not named`);
    } else if (patterns.length === MAX_PATTERNS) {
      warn(`${from}: only its first ${MAX_PATTERNS} patterns are applied`);
      break;
    } else {
      patterns.push({ pattern: rebased(text, base), mark: shown });
    }
  }
  return patterns.length === 0 ? undefined : ignore({ ignorecase: false }).add(patterns);
}

/**
 * One set out of several, later ones overruling earlier ones. It remembers every path it was asked
 * about, so make a new one for each directory: that costs little.
 */
export function combine(sets: readonly PatternSet[]): PatternSet {
  return sets.reduce((all, each) => all.add(each), ignore({ ignorecase: false }));
}

/**
 * @param path relative to the root's top, as latin1
 */
export function verdictOn(set: PatternSet, path: string, isDirectory: boolean): Verdict {
  const { rule, unignored } = set.test(isDirectory ? `${path}/` : path);
  return { excludedBy: rule?.mark, broughtBack: unignored };
}

/** Takes a directory and those that lead to it back in, whatever the sets before say of them. */
export function reopening(path: string, itself: boolean): PatternSet {
  const parts = path.split("/");
  const open = parts
    .slice(0, itself ? parts.length : -1)
    .map((_, i) => `!/${literally(parts.slice(0, i + 1).join("/"))}/`);
  return ignore({ ignorecase: false }).add(open.map((pattern) => ({ pattern })));
}

/** gitignore(5): spaces at the end count only when a backslash stands before them. */
function withoutTrailingSpaces(line: string): string {
  const bare = line.replace(/ +$/, "");
  const backslashes = /\\*$/.exec(bare)?.[0].length ?? 0;
  return bare.length < line.length && backslashes % 2 === 1 ? `${bare} ` : bare;
}

function problemOf(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return "longer than any path";
  const body = text.replace(/^!/, "");
  const plain = body.replaceAll(/\\.|\[[!^]?(?:\\.|[^\\])(?:\\.|[^\\\]])*\]/gs, "x");
  if (/^\/*$/.test(body) || plain.endsWith("\\")) return "no pattern";
  if (plain.includes("[")) return "its `[` is never closed";
  const globstars = body
    .split("/")
    .slice(0, -1)
    .filter((part) => /^\*{2,}$/.test(part));
  return globstars.length > MAX_GLOBSTARS ? "too many `**`" : undefined;
}

/** As it would be written at the top of the root. */
function rebased(text: string, base: string): string {
  if (base === "") return text;
  const [, negation = "", body = ""] = /^(!?)(.*)$/s.exec(text) ?? [];
  const isAnchored = body.slice(0, -1).includes("/");
  const rest = isAnchored ? body.replace(/^\//, "") : `**/${body}`;
  return `${negation}/${literally(base)}/${rest}`;
}

/** A name as a pattern that means nothing but it. */
function literally(path: string): string {
  return path.replaceAll(/[\\*?[\]!# ]/g, "\\$&");
}

/** As its author wrote it, without what would speak to a terminal. */
function readable(text: string): string {
  return Buffer.from(text, "latin1")
    .toString()
    .replaceAll(/\p{Cc}/gu, "\u{fffd}");
}
