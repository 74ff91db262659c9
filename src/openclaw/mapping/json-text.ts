import JSON5 from "json5";
import { jsonStrings } from "./json-strings.ts";
import type { PathMatcher } from "./path-matcher.ts";

/** A text after all of its references were rewritten. */
export interface Rewritten {
  text: string;
  /** How many references, by where they stand; an empty name: somewhere in it. */
  counts: Map<string, number>;
  /** The same place on another machine. */
  elsewhere: number;
  /** What comments say of it, which stays. */
  comments: number;
}

/**
 * Rewrites a text in place: in the strings of JSON and JSON5 what they say, not how they are
 * written; a string that is JSON is looked into; anything else as it stands. Comments, formatting
 * and untouched strings stay byte for byte.
 */
export function rewriteText(text: string, matcher: PathMatcher): Rewritten {
  const looksSo = /^\s*[{["]/.test(text);
  return looksSo && isJson(text) ? rewriteJson(text, matcher) : rewritePlain(text, matcher);
}

/** The same of what must be JSON or JSON5, even if it is broken. */
export function rewriteJson(text: string, matcher: PathMatcher): Rewritten {
  const counts = new Map<string, number>();
  let elsewhere = 0;
  let written = "";
  let done = 0;
  let between = "";
  let told = 0;
  for (const { start, end, at } of jsonStrings(text)) {
    const token = text.slice(start, end);
    between += `${text.slice(told, start)}""`;
    told = end;
    if (!matcher.mayHold(token)) continue;
    const said = spoken(token);
    const inner = said === undefined ? rewritePlain(token, matcher) : rewriteText(said, matcher);
    elsewhere += inner.elsewhere;
    const count = total(inner.counts);
    if (count === 0) continue;
    counts.set(at, (counts.get(at) ?? 0) + count);
    written +=
      text.slice(done, start) + (said === undefined ? inner.text : inWriting(inner.text, token));
    done = end;
  }
  const comments = matcher.rewrite(between + text.slice(told)).count;
  return { text: written + text.slice(done), counts, elsewhere, comments };
}

function rewritePlain(text: string, matcher: PathMatcher): Rewritten {
  const { text: written, count, elsewhere } = matcher.rewrite(text);
  return {
    text: written,
    counts: new Map(count === 0 ? [] : [["", count]]),
    elsewhere,
    comments: 0,
  };
}

/** All references in a text. */
export function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** What a string says; undefined for one that no parser takes. JSON's own is far quicker. */
function spoken(token: string): string | undefined {
  for (const parse of [JSON.parse, JSON5.parse] as ((text: string) => unknown)[]) {
    try {
      return String(parse(token));
    } catch {
      // Written as JSON5 has it, or broken.
    }
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Writes a string with the quotes and escapes that another was written with. */
function inWriting(said: string, like: string): string {
  let written = JSON.stringify(said);
  if (like.startsWith("'")) {
    written = `'${written.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  }
  if (/\\\//.test(like)) written = written.replaceAll("/", "\\/");
  if (/\\u[0-9A-Fa-f]{4}/.test(like) && /^[ -~]*$/.test(like)) {
    written = written.replace(/[^ -~]/g, (unit) => {
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
  }
  return written;
}
