import { join } from "node:path";

/** Longer ones are no command. */
const MAX_TEXT = 1024 * 1024;
/** More than any script names. */
const MAX_PATHS = 1000;

const HOME = String.raw`(?:~|\$HOME|\$\{HOME\})`;
/** A path that a shell would see as one word; a backslash keeps a blank in it. */
const WORD = new RegExp(
  String.raw`(?<![\w.~$}/\\*-])(?:${HOME})?/(?:\\.|[^\s"'\`;|&<>(){}[\]$*?,\\])+`,
  "g",
);
const QUOTED = new RegExp(String.raw`(["'\`])((?:${HOME})?/[^"'\`\n$*?]{1,1024})\1`, "g");

/**
 * The absolute paths that a text mentions, as a shell or a person would write them, `~/` and
 * `$HOME/` resolved. Whether there is anything is for the caller to see.
 */
export function pathsIn(text: string, home: string): string[] {
  const found = new Set<string>();
  const searched = text.slice(0, MAX_TEXT).replaceAll("file://", " ");
  const add = (written: string) => {
    if (found.size >= MAX_PATHS || /^\/(\/|$)/.test(written)) return;
    found.add(written.replace(/^(~|\$HOME|\$\{HOME\})(?=\/)/, () => home));
  };
  const whole = searched.trim();
  if (new RegExp(`^${HOME}?/`).test(whole) && !/[\n\0]/.test(whole) && whole.length <= 4096) {
    add(whole);
  }
  for (const [, , path = ""] of searched.matchAll(QUOTED)) add(path);
  for (const [word] of searched.matchAll(WORD)) {
    const plain = word.replace(/\\(.)/g, "$1");
    add(plain);
    // A sentence's end, or the `:` of a list of paths.
    const bare = plain.replace(/[.:!]+$/, "");
    if (bare !== plain) add(bare);
    for (const part of plain.includes(":") ? plain.split(":") : []) if (part !== "") add(part);
  }
  return [...found].map((path) => join(path)).filter((path) => path.startsWith("/"));
}
