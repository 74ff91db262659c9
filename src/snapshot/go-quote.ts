import { isUtf8 } from "node:buffer";
import { ClawbackError } from "../errors.ts";

/** Control characters that Go's `strconv` writes with a letter, not with a number. */
const LETTERS = new Map([
  ["\x07", "a"],
  ["\b", "b"],
  ["\f", "f"],
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
  ["\v", "v"],
  ['"', '"'],
  ["\\", "\\"],
]);
const CHARACTERS = new Map([...LETTERS].map(([character, letter]) => [letter, character]));

/**
 * What Go's `unicode.IsPrint` refuses: everything but letters, marks, numbers, punctuation, symbols
 * and U+0020.
 */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const NEEDS_QUOTE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/**
 * A file name as restic's trees hold it: the text that Go's `strconv.Quote` gives, without the
 * quotes around it. Any bytes go in; what comes out is valid Unicode. Go knows one version of
 * Unicode and Node another: a character newer than either may be escaped by one and kept by the
 * other, and both read both.
 */
export function quoteName(name: Buffer): string {
  if (isUtf8(name)) {
    const text = name.toString("utf8");
    return NEEDS_QUOTE.test(text) ? Array.from(text, quoteCharacter).join("") : text;
  }
  let quoted = "";
  for (const piece of decodeUtf8(name)) {
    quoted += typeof piece === "string" ? quoteCharacter(piece) : `\\x${hex(piece, 2)}`;
  }
  return quoted;
}

/**
 * The bytes behind a quoted name.
 * @throws ClawbackError E_DAMAGED when Go's `strconv.Unquote` would refuse it
 */
export function unquoteName(quoted: string): Buffer {
  if (!/["\\\n]/.test(quoted)) return Buffer.from(quoted, "utf8");
  const token =
    /\\([abfnrtv\\"])|\\x([\da-fA-F]{2})|\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})|\\([0-3][0-7]{2})|([^"\\\n]+)/y;
  const parts: Buffer[] = [];
  while (token.lastIndex < quoted.length) {
    const [, letter, byte, short, long, octal, plain] = token.exec(quoted) ?? refuse(quoted);
    if (plain !== undefined) parts.push(Buffer.from(plain, "utf8"));
    else if (letter !== undefined) parts.push(Buffer.from(CHARACTERS.get(letter) ?? ""));
    else if (byte !== undefined) parts.push(Buffer.of(Number.parseInt(byte, 16)));
    else if (octal !== undefined) parts.push(Buffer.of(Number.parseInt(octal, 8)));
    else parts.push(codePoint(Number.parseInt(short ?? long ?? "", 16), quoted));
  }
  return Buffer.concat(parts);
}

/**
 * Bytes as Go walks them: valid characters as strings, every byte that belongs to none as a number.
 */
export function* decodeUtf8(bytes: Buffer): Generator<string | number> {
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = bytes.subarray(at, at + length);
    const valid = character.length === length && isUtf8(character);
    yield valid ? character.toString("utf8") : first;
    at += valid ? length : 1;
  }
}

function quoteCharacter(character: string): string {
  const letter = LETTERS.get(character);
  if (letter !== undefined) return `\\${letter}`;
  if (!UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function codePoint(code: number, quoted: string): Buffer {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) refuse(quoted);
  return Buffer.from(String.fromCodePoint(code), "utf8");
}

function refuse(quoted: string): never {
  throw new ClawbackError(
    "E_DAMAGED",
    `a file name in a tree is badly quoted: ${JSON.stringify(quoted)}`,
  );
}
