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
  const commands = [
    `restic -r ${quote(location)} snapshots`,
    `restic -r ${quote(location)} restore latest${which} --target ./restored`,
  ];
  if (program !== undefined) {
    const clawback = `node ${quote(join(program, "bin/clawback.js"))}`;
    commands.push(
      `${clawback} snapshots --repo ${quote(location)}`,
      `${clawback} restore latest --repo ${quote(location)} --target ./restored`,
    );
  }
  return {
    phraseFile: phrase === undefined ? null : context.phraseFile,
    phrase: phrase ?? null,
    location,
    repositoryId: repository.id,
    program: program ?? null,
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
