import { access } from "node:fs/promises";
import { ClawbackError } from "../errors.ts";
import { runPasswordCommand } from "./password-command.ts";
import { readPasswordFile, trimSpace } from "./password-file.ts";

const PHRASE_WORDS = 24;

/** What one place (the flags, the environment, the settings) says about the password. */
interface PasswordSource {
  /** Who says so, for messages: "--password-file", "CLAWBACK_PASSWORD_FILE" … */
  fileName: string;
  commandName: string;
  file?: string | undefined;
  command?: string | undefined;
  /** The password itself; only the environment can hold it. */
  password?: string | undefined;
}

export interface PasswordOptions {
  /** Most important first; the first that says anything wins. */
  sources: readonly PasswordSource[];
  /** Where `init` keeps this repository's phrase; used when it is there and no source says more. */
  phraseFile: string;
  /** Asks the person, if there is one at a terminal. */
  prompt?: (() => Promise<string>) | undefined;
  warn: (message: string) => void;
  signal?: AbortSignal;
}

/**
 * The password as texts to try, in this order: exactly what was given, then, if that is a key
 * phrase in other letters or spacing, the phrase as it was made.
 *
 * @throws ClawbackError E_NO_PASSWORD when there is none and nobody to ask, or its source fails;
 * E_USAGE when one source names both a file and a command.
 */
export async function findPassword(options: PasswordOptions): Promise<string[]> {
  return passwordCandidates(await passwordText(options));
}

/** See {@link findPassword}. */
async function passwordCandidates(text: string): Promise<string[]> {
  // The word list is long; most passwords are no phrases.
  if (trimSpace(text).split(/\s+/u).length !== PHRASE_WORDS) return [text];
  const { normalizePhrase } = await import("../crypto/phrase.ts");
  const phrase = normalizePhrase(text);
  return phrase === undefined || phrase === text ? [text] : [text, phrase];
}

async function passwordText(options: PasswordOptions): Promise<string> {
  const source = options.sources.find(
    ({ file, command, password }) => (file ?? command ?? password) !== undefined,
  );
  if (source !== undefined) return fromSource(source, options);
  if (await exists(options.phraseFile)) return fromFile(options.phraseFile, options);
  const typed = await options.prompt?.();
  if (typed) return typed;
  throw new ClawbackError("E_NO_PASSWORD", "no password for the repository", {
    hint: "Name its file with --password-file <file> (or CLAWBACK_PASSWORD_FILE), or use --password-command <command>.",
  });
}

/** Command before file before the plain value: restic's order. */
async function fromSource(source: PasswordSource, options: PasswordOptions): Promise<string> {
  const { file, command, password } = source;
  if (file !== undefined && command !== undefined) {
    throw new ClawbackError(
      "E_USAGE",
      `${source.fileName} and ${source.commandName} cannot be used together`,
    );
  }
  if (command !== undefined) return runPasswordCommand(command, options.signal);
  if (file !== undefined) return fromFile(file, options);
  return password ?? "";
}

async function fromFile(path: string, { warn }: PasswordOptions): Promise<string> {
  const { text, exposed } = await readPasswordFile(path);
  if (exposed)
    warn(`other users can read the password file ${path}; mend it with: chmod 600 ${path}`);
  return text;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
