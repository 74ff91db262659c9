import type { CommanderError } from "commander";
import { ClawbackError } from "../errors.ts";

/** Commander's complaint in our words: what is wrong, and what was probably meant. */
export function usageError(error: CommanderError, argv: readonly string[]): ClawbackError {
  if (error.code === "commander.help") {
    return new ClawbackError("E_USAGE", "no command was given", {
      hint: "Start with: clawback init",
    });
  }
  const [first = "", ...rest] = error.message.replace(/^error: /u, "").split("\n");
  const suggestion = /\(Did you mean (?:one of )?(.+?)\?\)/u.exec(rest.join(" "))?.[1];
  const hint =
    suggestion === undefined
      ? `See: ${error.code === "commander.unknownCommand" ? "clawback --help" : helpCommand(argv)}`
      : `Did you mean ${suggestion}?`;
  return new ClawbackError("E_USAGE", first, { hint, cause: error });
}

function helpCommand(argv: readonly string[]): string {
  const command = argv.find((word) => /^[a-z]+$/u.test(word));
  return command === undefined ? "clawback --help" : `clawback ${command} --help`;
}
