import { isUtf8 } from "node:buffer";
import { decodeUtf8 } from "./go-quote.ts";

/** Anything JSON can hold; whole numbers beyond 2^53 are bigints. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

/**
 * What Go's `encoding/json` escapes: the HTML characters too, and the two line ends of JavaScript.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what must be escaped
const ESCAPED = /["\\<>&\u2028\u2029\x00-\x1f]/g;
const NEEDS_ESCAPE = new RegExp(ESCAPED.source);
const SHORT = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** A string as Go's `json.Marshal` writes it, in quotes. */
export function jsonString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPED, escape)}"` : `"${text}"`;
}

/**
 * Bytes as Go writes a string that holds them: each byte that is not UTF-8 becomes the escape of
 * U+FFFD.
 */
export function jsonBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return jsonString(bytes.toString("utf8"));
  let text = "";
  for (const piece of decodeUtf8(bytes)) {
    text += typeof piece === "string" ? piece.replace(ESCAPED, escape) : "\\ufffd";
  }
  return `"${text}"`;
}

/** Any value with Go's escaping, keys in the order they have. */
export function jsonValue(value: Json): string {
  if (typeof value === "string") return jsonString(value);
  if (Array.isArray(value)) return `[${value.map(jsonValue).join(",")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${jsonString(key)}:${jsonValue(item)}`,
  );
  return `{${members.join(",")}}`;
}

/**
 * A number of 16 digits or more outside the usual strings: only then is the slow, exact way taken.
 */
const LONG_NUMBER = /[:,[\s]-?\d{16}/;

/**
 * The form of `JSON.parse` that tells its reviver the source text: TypeScript's es2024 has it not
 * yet.
 */
type ParseWithSource = (text: string, reviver?: typeof exactNumber) => Json;

/**
 * Parses JSON; whole numbers that a double cannot hold come as bigints.
 * @throws SyntaxError
 */
export function parseJson(bytes: Buffer): Json {
  const text = bytes.toString("utf8");
  const parse = JSON.parse as ParseWithSource;
  return LONG_NUMBER.test(text) ? parse(text, exactNumber) : parse(text);
}

function exactNumber(_key: string, value: Json, context: { source?: string }): Json {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source ?? "") ? BigInt(context.source ?? "") : value;
}

function escape(character: string): string {
  return SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
