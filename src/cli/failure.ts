import { CommanderError } from "commander";
import { redactor } from "../config/redact.ts";
import { ClawbackError } from "../errors.ts";
import { EXIT_OF_ERROR } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { switchFrom } from "./globals.ts";
import { writeOut } from "./io.ts";
import type { Io } from "./io.ts";
import { createStyle, wantsColour } from "./output/style.ts";
import { asClawbackError, errorDocument, renderError } from "./render-error.ts";
import { usageError } from "./usage-error.ts";

/**
 * Tells what failed: people on stderr, and with `--json` a script on stdout.
 * @returns the exit code that says the same.
 */
export async function tellFailure(io: Io, thrown: unknown): Promise<ExitCode> {
  const error = whatFailed(io, thrown);
  const redact = redactor(() => io.secrets);
  // The flags may be what was wrong, so this looks at the words themselves.
  const has = (flag: string) =>
    io.argv.includes(`--${flag}`) || switchFrom(io.env, `CLAWBACK_${flag.toUpperCase()}`);
  const style = createStyle(wantsColour(io.stderr, io.env));
  io.stderr.write(renderError(error, { style, redact, debug: has("debug") }));
  if (has("json")) {
    // The first failure is the one to report, not that it could not be written down.
    const text = `${JSON.stringify(errorDocument(error, redact))}\n`;
    await writeOut(io, text).catch(() => undefined);
  }
  return EXIT_OF_ERROR[error.code];
}

function whatFailed(io: Io, thrown: unknown): ClawbackError {
  // Once stopped, whatever an operation throws on its way out is a consequence.
  if (io.signal.reason instanceof ClawbackError) return io.signal.reason;
  return thrown instanceof CommanderError ? usageError(thrown, io.argv) : asClawbackError(thrown);
}
