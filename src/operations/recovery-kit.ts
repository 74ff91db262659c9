import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { redactLocation } from "../config/redact.ts";
import { normalizePhrase } from "../crypto/phrase.ts";
import { errno } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import { listSnapshots } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import type { RecoveryKit } from "./documents.ts";
import { programDirectory } from "./program-copy.ts";
import { isWhole } from "./snapshot-documents.ts";

/** Where the commands look for the phrase: in the directory where they are typed. */
const PASSWORD_FILE = "phrase.txt";

export async function recoveryKit(
  context: OperationContext,
  repository: Repository,
): Promise<RecoveryKit> {
  const phrase = await phraseOf(context);
  const location = redactLocation(context.location);
  const program = await existing(programDirectory(context.location));
  const newest = (await listSnapshots(repository)).filter(isWhole).at(-1);
  // Of several instances in one repository, `latest` alone may be another's.
  const which =
    newest === undefined
      ? ""
      : ` --host ${quote(newest.hostname)}${newest.paths.map((path) => ` --path ${quote(path)}`).join("")}`;
  const words = `--password-file ${PASSWORD_FILE}`;
  const restic = `restic -r ${quote(location)} ${words}`;
  const commands = [`${restic} snapshots`, `${restic} restore latest${which} --target ./restored`];
  if (program !== undefined) {
    const clawback = `node ${quote(join(program, "bin/clawback.js"))}`;
    const open = `--repo ${quote(location)} ${words}`;
    commands.push(
      `${clawback} snapshots ${open}`,
      `${clawback} drill ${open}`,
      `${clawback} restore --in-place ${open}`,
      `${clawback} restore --target ./restored ${open}`,
    );
  }
  return {
    phraseFile: phrase === undefined ? null : context.phraseFile,
    phrase: phrase ?? null,
    location,
    repositoryId: repository.id,
    program: program ?? null,
    passwordFile: PASSWORD_FILE,
    commands,
  };
}

/** The phrase that is kept for this repository, if it is one. */
async function phraseOf(context: OperationContext): Promise<string | undefined> {
  try {
    return normalizePhrase(await readFile(context.phraseFile, "utf8"));
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function existing(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** For a POSIX shell; what needs no quotes gets none. */
function quote(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
