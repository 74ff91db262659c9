import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { absoluteLocation } from "../config/location.ts";
import { findPassword } from "../config/password.ts";
import { phraseFile } from "../config/phrase-file.ts";
import { expandHome, places } from "../config/places.ts";
import type { Redactor } from "../config/redact.ts";
import { readSettings } from "../config/settings.ts";
import type { Settings } from "../config/settings.ts";
import { ClawbackError } from "../errors.ts";
import { silentProgress } from "../progress.ts";
import type { OperationContext } from "../operations/context.ts";
import { parseDuration } from "./duration.ts";
import { switchFrom, textFrom } from "./globals.ts";
import type { GlobalOptions } from "./globals.ts";
import { writeOut } from "./io.ts";
import type { Io } from "./io.ts";
import { createStyle, wantsColour } from "./output/style.ts";
import { progressLine } from "./output/progress-line.ts";
import type { View } from "./output/view.ts";
import { createPrompter, isInteractive } from "./prompter.ts";
import type { Prompter } from "./prompter.ts";

/** What a command has to work with: flags, environment, settings and defaults made into one. */
export interface Context extends OperationContext {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  yes: boolean;
  cwd: string;
  /** The file that the settings came from, or would come from. */
  configFile: string;
  /** True when flag, environment or settings name a location: the default was not taken. */
  locationGiven: boolean;
  /** True when they give a password or say where it is. */
  passwordGiven: boolean;
  prompter: Prompter;
  /** A text for the person at the terminal, before the result: on stderr. */
  show: (text: (view: View) => string) => void;
  /** Raw bytes to stdout, for what is not a document. */
  write: (data: string | Uint8Array) => Promise<void>;
}

export interface ContextOptions {
  redact: Redactor;
  /** Told every password that was found, so that no message repeats it. */
  keepSecret: (secret: string) => void;
  warningLabel: string;
}

/** @throws ClawbackError E_USAGE when the settings or the flags do not fit. */
export async function createContext(
  io: Io,
  flags: GlobalOptions,
  { redact, keepSecret, warningLabel }: ContextOptions,
): Promise<Context> {
  const { env, home, cwd } = io;
  const here = places(env, home);
  const quiet = flags.quiet ?? (!flags.verbose && switchFrom(env, "CLAWBACK_QUIET"));
  const yes = flags.yes ?? switchFrom(env, "CLAWBACK_YES");
  const namedConfig = flags.config ?? textFrom(env, "CLAWBACK_CONFIG");
  const configFile = resolve(cwd, namedConfig ?? here.configFile);
  const settings = await readSettings(configFile, home, { mustExist: namedConfig !== undefined });
  const given = flags.repo ?? textFrom(env, "CLAWBACK_REPO");
  const location =
    given === undefined
      ? absoluteLocation(settings.repository ?? here.repository, dirname(configFile), home)
      : absoluteLocation(given, cwd, home);
  const phrase = phraseFile(here.secretsDir, location);
  const prompter = createPrompter(io, yes);
  const warn = (message: string): void => {
    io.stderr.write(redact(`${warningLabel} ${message}\n`));
  };
  const password = { message: "The repository's password or phrase", flag: "--password-file" };
  let found: Promise<string[]> | undefined;
  const sources = passwordSources(flags, io, settings);
  const passwords = (): Promise<string[]> =>
    (found ??= findPassword({
      sources,
      phraseFile: phrase,
      ...(isInteractive(io) && { prompt: () => prompter.secret(password) }),
      warn,
      signal: io.signal,
    }).then((texts) => {
      texts.forEach(keepSecret);
      return texts;
    }));
  return {
    json: flags.json ?? switchFrom(env, "CLAWBACK_JSON"),
    quiet,
    verbose: flags.verbose ?? (!flags.quiet && switchFrom(env, "CLAWBACK_VERBOSE")),
    yes,
    env,
    home,
    tempDir: tmpdir(),
    cwd,
    now: io.now,
    signal: io.signal,
    places: here,
    settings,
    configFile,
    location,
    locationGiven: (given ?? settings.repository) !== undefined,
    passwordGiven: sources.some(
      (each) => (each.file ?? each.command ?? each.password) !== undefined,
    ),
    phraseFile: phrase,
    instance: chooseInstance(flags, io, settings),
    lockWaitMs: parseDuration(flags.lockWait ?? textFrom(env, "CLAWBACK_LOCK_WAIT") ?? "1m"),
    progress:
      quiet || io.stderr.isTTY !== true
        ? silentProgress
        : progressLine(io.stderr, () => performance.now()),
    prompter,
    passwords,
    warn,
    show: (text) => {
      const view = {
        style: createStyle(wantsColour(io.stderr, env)),
        width: io.stderr.isTTY ? io.stderr.columns || 80 : undefined,
        now: io.now(),
        verbose: flags.verbose ?? false,
      };
      io.stderr.write(`${redact(text(view))}\n`);
    },
    write: (data) => writeOut(io, data),
  };
}

/** The first place that names an instance wins as a whole: a flag's profile beats a variable's path. */
function chooseInstance(flags: GlobalOptions, io: Io, settings: Settings): Context["instance"] {
  const absolute = (path: string | undefined) =>
    path === undefined ? undefined : resolve(io.cwd, expandHome(path, io.home));
  const { env } = io;
  const choices = [
    { stateDir: absolute(flags.stateDir), profile: flags.profile },
    {
      stateDir: absolute(textFrom(env, "CLAWBACK_STATE_DIR")),
      profile: textFrom(env, "CLAWBACK_PROFILE"),
    },
    // OpenClaw's own variable is read where instances are found; it stands above our settings.
    ...(env["OPENCLAW_STATE_DIR"] ? [] : [settings]),
  ];
  const { stateDir, profile } = choices.find((each) => each.stateDir ?? each.profile) ?? {};
  if (stateDir !== undefined && profile !== undefined) {
    throw new ClawbackError("E_USAGE", "a state directory and a profile cannot be given together", {
      hint: "--profile x is short for --state-dir ~/.openclaw-x.",
    });
  }
  return { ...(stateDir !== undefined && { stateDir }), ...(profile !== undefined && { profile }) };
}

function passwordSources(flags: GlobalOptions, io: Io, settings: Settings) {
  const path = (file: string | undefined) =>
    file === undefined ? undefined : resolve(io.cwd, expandHome(file, io.home));
  return [
    {
      fileName: "--password-file",
      commandName: "--password-command",
      file: path(flags.passwordFile),
      command: flags.passwordCommand,
    },
    {
      fileName: "CLAWBACK_PASSWORD_FILE",
      commandName: "CLAWBACK_PASSWORD_COMMAND",
      file: path(textFrom(io.env, "CLAWBACK_PASSWORD_FILE")),
      command: textFrom(io.env, "CLAWBACK_PASSWORD_COMMAND"),
      password: textFrom(io.env, "CLAWBACK_PASSWORD"),
    },
    {
      fileName: "passwordFile",
      commandName: "passwordCommand",
      file: settings.passwordFile,
      command: settings.passwordCommand,
    },
  ];
}
