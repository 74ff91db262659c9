import { readFile } from "node:fs/promises";
import { redactLocation } from "../config/redact.ts";
import { writePhraseFile } from "../config/phrase-file.ts";
import { addSettings } from "../config/write-settings.ts";
import { generatePhrase, normalizePhrase } from "../crypto/phrase.ts";
import { ClawbackError, errno, hasCode, messageOf } from "../errors.ts";
import { sameFileSystem } from "../fs/paths.ts";
import { isRepository, Repository } from "../repository/repository.ts";
import { openStorage } from "../storage/open.ts";
import { parseLocation } from "../storage/location.ts";
import { backupOpen } from "./backup.ts";
import { openCaptureSite } from "./capture-site.ts";
import { checkOpen } from "./check.ts";
import type { OperationContext } from "./context.ts";
import type { InitDocument } from "./documents.ts";
import { keepProgramCopy } from "./program-copy.ts";
import { recoveryKit } from "./recovery-kit.ts";
import { refuseRepositoryInside } from "./repository-place.ts";
import { openSource } from "./source.ts";
import { surveyInstance, type Survey } from "./survey.ts";
import { underLock } from "./with-repository.ts";

const EVERYTHING = { components: [], agents: [], exclude: [] };

export interface InitOptions {
  /** Take the first backup and read it back. */
  backup: boolean;
}

/** What `init` needs beyond the rest. */
export interface InitContext extends OperationContext {
  /** A password of the user's own was given; otherwise a phrase is made. */
  passwordGiven: boolean;
  /** The settings file that gets the repository's location. */
  configFile: string;
}

/**
 * Makes a repository for an instance, with a phrase as its key, takes the first backup and reads
 * every byte of it back. Nothing is made before it is sure that there is an instance, and that the
 * place is fit.
 *
 * @throws E_NO_INSTANCE, E_REPO_INSIDE_SOURCE, E_REPO_EXISTS, E_NO_SPACE, E_PERMISSION
 */
export async function init(context: InitContext, options: InitOptions): Promise<InitDocument> {
  const survey = await surveyInstance(context);
  await refuseRepositoryInside(context, survey);
  await using storage = await openStorage(context.location, { home: context.home });
  if (await isRepository(storage)) {
    throw new ClawbackError("E_REPO_EXISTS", `there is a repository at ${storage.location}`, {
      hint: "run `clawback backup` to use it, or name another place with --repo",
    });
  }
  await using site = await openCaptureSite(context, { verify: true });
  const source = await openSource(context, survey, site, EVERYTHING);
  const password = await newPassword(context);
  const repository = await Repository.init(storage, password, context.now());
  const warnings = await settle(context, survey);
  const document: InitDocument = {
    instance: { stateDir: survey.instance.stateDir },
    repository: { location: redactLocation(context.location), id: repository.id },
    snapshot: null,
    backup: null,
    readBack: null,
    recoveryKit: await recoveryKit(context, repository),
    warnings,
  };
  if (!options.backup) return document;
  return await underLock(context, repository, "append", async (session) => {
    const taken = {
      ...EVERYTHING,
      tags: [],
      verify: true,
      gateway: "keep-running" as const,
      dryRun: false,
    };
    const backup = await backupOpen(context, session, site, source, taken);
    const readBack = await checkOpen(context, session, { readDataShare: 1 });
    const { snapshot } = backup;
    return {
      ...document,
      snapshot: snapshot && { id: snapshot.id },
      backup,
      readBack,
      recoveryKit: await recoveryKit(context, repository),
    };
  });
}

/**
 * The user's own password, or a phrase that is kept before anything is sealed with it. One that an
 * init which was cut off has left is used again.
 */
async function newPassword(context: InitContext): Promise<string> {
  if (context.passwordGiven) return (await context.passwords())[0] as string;
  const phrase = generatePhrase();
  try {
    await writePhraseFile(context.phraseFile, phrase);
    return phrase;
  } catch (error) {
    if (errno(error) !== "EEXIST") throw error;
  }
  const kept = normalizePhrase(await readFile(context.phraseFile, "utf8"));
  if (kept !== undefined) return kept;
  throw new ClawbackError(
    "E_FAILED",
    `${context.phraseFile} is there and holds no recovery phrase`,
    {
      hint: "move it out of the way, or give a password with --password-file",
    },
  );
}

/** What makes the repository easy to come back to; none of it is worth failing for. */
async function settle(context: InitContext, survey: Survey): Promise<string[]> {
  const warnings: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (hasCode(error, "E_INTERRUPTED")) throw error;
      warnings.push(`${what}: ${messageOf(error)}`);
    }
  };
  await attempt("the program could not be copied beside the repository", () =>
    keepProgramCopy(context.location),
  );
  await attempt(`the repository could not be noted in ${context.configFile}`, () =>
    noteLocation(context, warnings),
  );
  const location = parseLocation(context.location, { home: context.home });
  if (location.scheme === "local") {
    if (await sameFileSystem(location.path, survey.instance.realStateDir)) {
      warnings.push(
        "the repository is on the same disk as the agent: this protects from mistakes, not from the loss of the disk. Copy it elsewhere, or name a place on another disk",
      );
    }
  }
  return warnings;
}

/** Later commands find the repository without a flag. */
async function noteLocation(context: InitContext, warnings: string[]): Promise<void> {
  const known = context.settings.repository;
  if (known === undefined) {
    if (context.location !== context.places.repository) {
      await addSettings(context.configFile, { repository: context.location });
    }
  } else if (known !== context.location) {
    warnings.push(
      `${context.configFile} names another repository: give --repo ${redactLocation(context.location)} with every command, or change it there`,
    );
  }
}
