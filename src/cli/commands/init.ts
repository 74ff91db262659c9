import { Option } from "commander";
import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { InitDocument } from "../../operations/documents.ts";
import { EXIT } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";

interface Options {
  backup: boolean;
  showPhrase?: true;
}

export function addInit(program: Command, run: Runner): void {
  program
    .command("init")
    .summary("protect an OpenClaw instance: start here")
    .description(
      "Finds OpenClaw, makes the repository and its key, takes the first backup, reads it back and says what to keep on paper. --yes takes every default.",
    )
    .option("--no-backup", "make the repository only")
    // Accepted for scripts; there is nothing to leave out until there is a schedule.
    .addOption(new Option("--no-schedule", "set up no schedule").hideHelp())
    .option("--show-phrase", "print the 24 words, not only the file that holds them")
    .action(
      run<Options>(async (context, { backup, showPhrase = false }) => {
        const { init } = await import("../../operations/init.ts");
        const { printedKit } = await import("../render/recovery-kit.ts");
        const { renderInit } = await import("../render/init.ts");
        const result: InitDocument = await init(context, { backup });
        const printed = (withPhrase: boolean) => ({
          ...result,
          recoveryKit: printedKit(result.recoveryKit, withPhrase),
        });
        return {
          document: printed(showPhrase),
          // Shown once to a person at a terminal; a pipe may end in a log.
          text: (view) => renderInit(printed(showPhrase || view.width !== undefined), view),
          quietText: result.snapshot?.id ?? "",
          exitCode: exitCodeOf(result),
        };
      }),
    );
}

function exitCodeOf({ backup, readBack }: InitDocument): ExitCode {
  if (readBack?.ok === false) return EXIT.damaged;
  return backup === null || backup.errors.length === 0 ? EXIT.done : EXIT.incomplete;
}
