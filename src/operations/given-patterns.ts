import { expandHome } from "../config/places.ts";
import type { OperationContext } from "./context.ts";
import { parsePatterns, type PatternLine, type PatternSet } from "./exclude-patterns.ts";
import type { KnownRoot } from "./root-index.ts";

/** The patterns that a person gives beside the `.clawbackignore` files. */
export interface Excludes {
  /** Of the settings: every ignore file overrules them. */
  settings: readonly string[];
  /** Of the command line: they overrule every ignore file. */
  flags: readonly string[];
  /** What `~/` in them means. */
  home: string;
}

/** What those patterns mean for one root. */
export interface GivenPatterns {
  settings: PatternSet | undefined;
  flags: PatternSet | undefined;
  /** The pattern that names the root itself; undefined: none does. */
  wholeRoot: string | undefined;
  /** The pattern that names a directory which the root lies in. */
  aboveRoot: string | undefined;
}

/** @param flags patterns of the command line */
export function excludesOf(
  { settings, home }: Pick<OperationContext, "settings" | "home">,
  flags: readonly string[],
): Excludes {
  return { settings: settings.exclude ?? [], flags, home };
}

/**
 * Relative to the root's top, as gitignore has it. A pattern that begins with the path of a root,
 * or is a directory on the way to one, is meant as a path of the file system.
 */
export function givenPatterns(
  { settings, flags, home }: Excludes,
  root: KnownRoot,
  others: readonly KnownRoot[],
  warn: (message: string) => void,
): GivenPatterns {
  const given: GivenPatterns = {
    settings: undefined,
    flags: undefined,
    wholeRoot: undefined,
    aboveRoot: undefined,
  };
  const read = (patterns: readonly string[], from: string) => {
    const lines = patterns.flatMap((pattern) => {
      const [, negation = "", written = ""] = /^(!?)(.*)$/s.exec(pattern) ?? [];
      const body = written.startsWith("~/") ? expandHome(written, home) : written;
      const path = body.replace(/\/+$/, "");
      const reason = negation === "" ? `${from}: ${pattern}` : undefined;
      if (namesOf(root).includes(path)) {
        given.wholeRoot = reason;
        return [];
      }
      if (path !== "" && namesOf(root).some((name) => name.startsWith(`${path}/`))) {
        given.aboveRoot = reason;
        return [];
      }
      const top = namesOf(root).find((name) => body.startsWith(`${name}/`));
      if (top !== undefined) return [lineOf(negation + body.slice(top.length), pattern)];
      const isElsewhere = others.some((other) => namesOf(other).some((name) => leads(path, name)));
      return isElsewhere ? [] : [lineOf(negation + body, pattern)];
    });
    return parsePatterns(lines, "", from, warn);
  };
  given.settings = read(settings, "the settings");
  given.flags = read(flags, "--exclude");
  return given;
}

/** A list has no comments: a `#` stands for itself. */
function lineOf(text: string, written: string): PatternLine {
  const latin1 = (value: string) => Buffer.from(value).toString("latin1");
  return { text: latin1(text.replace(/^#/, "\\#")), written: latin1(written) };
}

function namesOf({ path, realPath }: KnownRoot): string[] {
  return path === realPath ? [path] : [path, realPath];
}

/** Whether one of them is the other or lies within it. */
function leads(a: string, b: string): boolean {
  return a === b || (a !== "" && b.startsWith(`${a}/`)) || a.startsWith(`${b}/`);
}
