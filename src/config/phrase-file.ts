import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { ensurePrivateDirectory } from "../fs/directories.ts";
import { writeNewFile } from "../fs/atomic.ts";
import { redactLocation } from "./redact.ts";

/**
 * Where the key phrase of a repository lies on this machine. Named after its location, since a
 * repository's id can only be read with the phrase: the last word of the location for people, eight
 * hex digits of its SHA-256 (without a URL's password, which may change) to tell it from others.
 */
export function phraseFile(secretsDir: string, location: string): string {
  const shown = redactLocation(location).replace(/[/\\]+$/u, "");
  const word = /[\w.-]+$/u.exec(shown)?.[0].replace(/^\.+/u, "").slice(0, 40) || "repository";
  const digest = createHash("sha256").update(shown).digest("hex").slice(0, 8);
  return join(secretsDir, `${word}-${digest}.phrase`);
}

/**
 * Keeps a phrase: 0600, durable, one line that restic's `--password-file` takes as it is. Never
 * over another one, whose repository may have no second key.
 *
 * @throws EEXIST when a phrase is kept there already; ClawbackError E_NO_SPACE, E_PERMISSION.
 */
export async function writePhraseFile(path: string, phrase: string): Promise<void> {
  await ensurePrivateDirectory(dirname(path));
  await writeNewFile(path, `${phrase}\n`);
}
