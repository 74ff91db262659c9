import { CommanderError } from "commander";
import type { Command } from "commander";
import { redactor } from "../config/redact.ts";
import type { OperationContext } from "../operations/context.ts";
import type { Outcome, Runner } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { tellFailure } from "./failure.ts";
import { applyEnvironment } from "./globals.ts";
import type { GlobalOptions } from "./globals.ts";
import { OUTPUT_CLOSED, writeOut } from "./io.ts";
import type { Io } from "./io.ts";
import { createStyle, wantsColour } from "./output/style.ts";
import { buildProgram } from "./program.ts";

/** They read or change what a restore in place is replacing. A restore looks for itself. */
const TOUCH_THE_INSTANCE: ReadonlySet<string> = new Set(["init", "backup", "undo"]);

/** Runs one command line from words to exit code; whatever goes wrong is told on stderr. */
export async function run(io: Io): Promise<ExitCode> {
  const redact = redactor(() => io.secrets);
  let exitCode: ExitCode = EXIT.done;

  const runner: Runner =
    (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      applyEnvironment(command, io.env);
      const { createContext } = await import("./context.ts");
      const context = await createContext(io, command.optsWithGlobals<GlobalOptions>(), {
        redact,
        keepSecret: (secret) => io.secrets.add(secret),
        warningLabel: createStyle(wantsColour(io.stderr, io.env)).warning("warning:"),
      });
      try {
        await finishWhatIsOpen(context, command.name());
        const args = command.processedArgs as (string | undefined)[];
        const outcome = await action(context, command.opts<never>(), args);
        context.progress.finish();
        if (outcome !== undefined) await print(io, outcome, context);
        exitCode = outcome?.exitCode ?? EXIT.done;
      } finally {
        context.progress.finish();
      }
    };

  try {
    const program = buildProgram(runner, {
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
    await program.parseAsync(io.argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (io.signal.reason === OUTPUT_CLOSED) return EXIT.done;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    return await tellFailure(io, error);
  }
}

/** What a restore in place left behind that was cut off comes first. */
async function finishWhatIsOpen(context: OperationContext, command: string): Promise<void> {
  const { isRestoreOpen } = await import("../operations/in-place/journal-place.ts");
  if (!(await isRestoreOpen(context))) return;
  const { finishOpenRestores } = await import("../operations/in-place/recovery.ts");
  await finishOpenRestores(context, TOUCH_THE_INSTANCE.has(command));
}

async function print(
  io: Io,
  { document, text, quietText }: Outcome,
  { json, quiet, verbose }: { json: boolean; quiet: boolean; verbose: boolean },
): Promise<void> {
  if (json) {
    const whole = Array.isArray(document) ? document : { version: 1, ...document };
    return writeOut(io, `${JSON.stringify(whole, null, io.stdout.isTTY ? 2 : 0)}\n`);
  }
  const view = {
    style: createStyle(wantsColour(io.stdout, io.env)),
    width: io.stdout.isTTY ? io.stdout.columns || 80 : undefined,
    now: io.now(),
    verbose,
  };
  const shown = quiet ? (quietText ?? text(view)) : text(view);
  if (shown !== "") await writeOut(io, `${shown}\n`);
}
