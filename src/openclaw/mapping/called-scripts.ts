import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import type { InstanceCopy } from "../instance-copy.ts";
import { placeInCopy } from "../revival/copied-place.ts";
import { pathsIn } from "../path-tokens.ts";
import { SCRIPT_EXTENSIONS } from "../scripts.ts";
import type { Known } from "./pass.ts";

/** Beyond, it is no script. */
const MAX_BYTES = 1024 * 1024;
/** More than anybody has; a bound for scripts that name a whole disk. */
const MAX_SCRIPTS = 1000;

/** A file among its owner's own, by its place at home. */
interface OwnFile {
  path: string;
  mode: number;
}

/** Whether a file may be run rather than read: by its name, or by what names it. */
export function mayBeCalled({ path, mode }: OwnFile, { named }: Known): boolean {
  return (mode & 0o111) !== 0 || named.has(path);
}

/** Whether it is run, by what it says. */
export function isCalled(file: OwnFile, text: string, known: Known): boolean {
  if ((file.mode & 0o111) !== 0 && text.startsWith("#!")) return true;
  return known.named.has(file.path) && isScript(file.path, text);
}

/** Adds what is called by what is called. */
export async function followScripts(copy: InstanceCopy, { named }: Known): Promise<void> {
  let count = 0;
  // A set grows while it is gone through.
  for (const path of named) {
    if (count >= MAX_SCRIPTS) return;
    const at = await placeInCopy(copy, path);
    const text = at === undefined ? undefined : await textOf(at);
    if (text === undefined || !isScript(path, text)) continue;
    count += 1;
    for (const called of pathsIn(text, copy.home)) named.add(called);
  }
}

function isScript(path: string, text: string): boolean {
  return text.startsWith("#!") || SCRIPT_EXTENSIONS.has(extname(path).toLowerCase());
}

async function textOf(at: string): Promise<string | undefined> {
  const info = await stat(at).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_BYTES) return undefined;
  return readFile(at, "utf8");
}
