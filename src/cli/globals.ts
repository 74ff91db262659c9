import { Option } from "commander";
import type { Command } from "commander";

/** The options that every command has, as given on the command line. */
export interface GlobalOptions {
  repo?: string;
  passwordFile?: string;
  passwordCommand?: string;
  stateDir?: string;
  profile?: string;
  config?: string;
  lockWait?: string;
  json?: true;
  quiet?: true;
  verbose?: true;
  yes?: true;
  debug?: true;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function addGlobalOptions(program: Command): Command {
  return program
    .option("-r, --repo <location>", "where the backups are: a directory, best on another disk")
    .option("-p, --password-file <file>", "read the repository's password from a file")
    .option("--password-command <command>", "run a command that prints the password (no shell)")
    .option("--state-dir <dir>", "OpenClaw's state directory, if it is not the usual one")
    .option("--profile <name>", "the OpenClaw profile: ~/.openclaw-<name>")
    .option("--config <file>", "Clawback's own settings")
    .option("--lock-wait <time>", "how long to wait for another's lock: 0s, 5m (default 1m)")
    .option("--json", "print the result as a JSON document")
    .addOption(
      new Option("-q, --quiet", "print nothing but what was asked for").conflicts("verbose"),
    )
    .option("-v, --verbose", "print more details")
    .option("-y, --yes", "answer yes to every question")
    .option("--debug", "show where an error comes from");
}

/** `--state-dir` → `CLAWBACK_STATE_DIR`. */
function variableOf(option: { long?: string | undefined }): string {
  return `CLAWBACK_${(option.long ?? "").slice(2).replaceAll("-", "_").toUpperCase()}`;
}

/** A text from the environment; an empty one counts as not given. */
export function textFrom(env: Environment, name: string): string | undefined {
  return env[name] || undefined;
}

/** A switch from the environment: on, unless it says 0, false, no, off or nothing. */
export function switchFrom(env: Environment, name: string): boolean {
  return !/^(?:0|false|no|off)?$/iu.test(env[name]?.trim() ?? "");
}

/**
 * Gives a command's own options their `CLAWBACK_…` values where the command line is silent. An
 * option that can be repeated takes one value a line.
 */
export function applyEnvironment(command: Command, env: Environment): void {
  for (const option of command.options) {
    const key = option.attributeName();
    const text = textFrom(env, variableOf(option));
    if (text === undefined || command.getOptionValueSource(key) === "cli") continue;
    if (option.isBoolean() || option.negate) {
      if (switchFrom(env, variableOf(option))) {
        command.setOptionValueWithSource(key, !option.negate, "env");
      }
      continue;
    }
    const values = text.split("\n").filter((line) => line !== "");
    const parse = option.parseArg as ((value: string, previous: unknown) => unknown) | undefined;
    const value = parse ? values.reduce<unknown>((all, each) => parse(each, all), undefined) : text;
    command.setOptionValueWithSource(key, value, "env");
  }
}
