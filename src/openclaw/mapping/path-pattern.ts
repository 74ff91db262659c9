import type { PathMapping } from "./map-path.ts";

/** No letter of a name stands before, and nothing that makes the path a part of a longer one. */
const FREE = String.raw`(?<![\p{L}\p{M}\p{N}_.~$})\-/\\%*])`;
/** What may stand before all the same: an escaped line break, `file://`, `-I`, an encoded blank. */
const INTRODUCED = [
  String.raw`(?<=\\[nrtbfv])`,
  String.raw`(?<=file:(?:\\*/){2}(?:localhost)?)`,
  String.raw`(?<=(?:^|[\s"'=,(])-[A-Za-z])`,
  String.raw`(?<=%(?:20|22|27|3[AaDd]))`,
  String.raw`(?<=file%3[Aa]%2[Ff]%2[Ff])`,
];
/** The name ends here: `/home/al` is in `/home/al.` and `/home/al:`, not in `/home/al.old`. */
const ENDS = String.raw`(?![\p{L}\p{M}\p{N}_\-~+@]|%(?!2[FfCc27]|0|3[AaBbCc])|\.+[\p{L}\p{N}_]|\\[ u])`;
const SLASH = String.raw`(?:\\*/|%2[Ff])`;

/**
 * Finds places in every notation: as they are, with escaped slashes, percent-encoded. Each has a
 * group of its own; the first that fits is found.
 */
export function placePattern(places: readonly string[]): RegExp {
  const begin = [FREE, ...INTRODUCED].join("|");
  const groups = places.map((place) => `(${Array.from(place, notations).join("")})`);
  return new RegExp(`(?:${begin})(?:${groups.join("|")})${ENDS}`, "gu");
}

function notations(letter: string): string {
  if (letter === "/") return SLASH;
  const plain = letter.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  if (/[A-Za-z0-9_-]/.test(letter)) return plain;
  const bytes = Array.from(Buffer.from(letter), (byte) => byte.toString(16).padStart(2, "0"));
  const encoded = bytes.map((byte) => `%${anyCase(byte)}`).join("");
  const units = letter.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  const escaped = units.map((unit) => String.raw`\\+u${anyCase(unit)}`).join("");
  return String.raw`(?:\\*${plain}|${encoded}|${escaped})`;
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/**
 * A place in the notation that another was found in.
 *
 * @param found as it stands in the text
 * @param before what stands before it
 */
export function inNotationOf(found: string, to: string, before: string): string {
  if (/%[0-9A-Fa-f]{2}/.test(found) || /file:(?:\\*\/){2}(?:localhost)?$/.test(before)) {
    const slash = /^%2[Ff]/.exec(found)?.[0] ?? "/";
    return to.split("/").map(encodeURIComponent).join(slash);
  }
  const escape = /^\\+/.exec(found)?.[0] ?? "";
  return escape === "" ? to : to.replaceAll("/", `${escape}/`);
}

/** What every notation of a place has in it: by this, texts that cannot hold it are passed by. */
export function probesFor(mappings: readonly PathMapping[]): string[] {
  const runs = mappings.map(({ from }) => {
    const words = from.match(/[A-Za-z0-9_-]+/g) ?? ["/"];
    return words.toSorted((a, b) => b.length - a.length)[0] ?? "/";
  });
  return [...new Set(runs)].filter((run) => !runs.some((one) => one !== run && run.includes(one)));
}
