import JSON5 from "json5";
import { isTree } from "./config-tree.ts";
import type { Tree } from "./config-tree.ts";

/** How many commas back a beginning is looked for that can be closed. */
const MAX_CUTS = 20;

/**
 * What can be had of a configuration that does not parse: its beginning, up to where the damage is,
 * with every open bracket closed. An editor that died leaves such a file.
 */
export function repairedTree(text: string): Tree | undefined {
  const { cuts, closed } = closings(text);
  // The end first: a missing brace costs nothing but itself.
  for (const attempt of [closed, ...cuts.toReversed().slice(0, MAX_CUTS)]) {
    const value = parsed(attempt);
    if (isTree(value)) return value;
  }
  return beforeDamage(text);
}

/** The parser tells where it stopped; what stands before that can be closed as well. */
function beforeDamage(text: string): Tree | undefined {
  try {
    JSON5.parse(text);
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    if (lineNumber === undefined || columnNumber === undefined) return undefined;
    const lines = text.split("\n").slice(0, lineNumber);
    lines.push((lines.pop() ?? "").slice(0, Math.max(0, columnNumber - 1)));
    for (const attempt of closings(lines.join("\n")).cuts.toReversed().slice(0, MAX_CUTS)) {
      const value = parsed(attempt);
      if (isTree(value)) return value;
    }
  }
  return undefined;
}

/** The text with its open brackets closed, and the same cut at each comma outside of strings. */
function closings(text: string): { closed: string; cuts: string[] } {
  const open: string[] = [];
  const commas: { at: number; closers: string }[] = [];
  let quote = "";
  const closers = () => open.toReversed().join("");
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] as string;
    if (quote !== "") {
      if (letter === "\\") at += 1;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") {
      quote = letter;
    } else if (text.startsWith("//", at)) {
      at = endOf(text, "\n", at);
    } else if (text.startsWith("/*", at)) {
      at = endOf(text, "*/", at) + 1;
    } else if (letter === "{" || letter === "[") {
      open.push(letter === "{" ? "}" : "]");
    } else if (letter === "}" || letter === "]") {
      open.pop();
    } else if (letter === ",") {
      commas.push({ at, closers: closers() });
      if (commas.length > MAX_CUTS) commas.shift();
    }
  }
  return {
    closed: text.replace(quote === "" ? "" : /\\$/, "") + quote + closers(),
    cuts: commas.map(({ at, closers: end }) => text.slice(0, at) + end),
  };
}

function endOf(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from + 2);
  return at < 0 ? text.length : at;
}

function parsed(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch {
    return undefined;
  }
}
