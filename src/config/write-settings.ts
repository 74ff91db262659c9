import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import json5 from "json5";
import { errno } from "../errors.ts";
import { ensurePrivateDirectory } from "../fs/directories.ts";
import { writeFileAtomic } from "../fs/atomic.ts";
import type { Settings } from "./settings.ts";

/** White space and comments, up to the brace that opens the object. */
const OPENING = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*\{/u;

/**
 * Adds settings to the file, which is made (0600, in a 0700 directory) if it is not there. What the
 * file says already stays, comments included: a key that it has is left as it is.
 *
 * @returns the keys that were added.
 * @throws SyntaxError when the file is not JSON5; system errors.
 */
export async function addSettings(file: string, additions: Settings): Promise<string[]> {
  const source = await readFile(file, "utf8").catch((error: unknown) => {
    if (errno(error) === "ENOENT") return "{\n}\n";
    throw error;
  });
  const present: Record<string, unknown> = json5.parse(source);
  const added = Object.entries(additions).filter(
    ([key, value]) => value !== undefined && !Object.hasOwn(present, key),
  );
  if (added.length === 0) return [];
  const lines = added.map(([key, value]) => `\n  ${key}: ${JSON.stringify(value)},`).join("");
  await ensurePrivateDirectory(dirname(file));
  await writeFileAtomic(
    file,
    source.replace(OPENING, (opening) => opening + lines),
  );
  return added.map(([key]) => key);
}
