import type { Command } from "commander";
import { resolve } from "node:path";
import { ClawbackError } from "../../errors.ts";
import { collect } from "../command.ts";
import type { Runner } from "../command.ts";
import type { RestoreDocument } from "../../operations/documents.ts";
import { EXIT } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { agentOption, componentOption, SHARED_DATABASE_HELP } from "../part-options.ts";

interface Options {
  target?: string;
  component?: string[];
  agent?: string[];
  path?: string[];
  dryRun?: true;
}

export function addRestore(program: Command, run: Runner): void {
  program
    .command("restore")
    .summary("bring a snapshot back")
    .description(
      "Restores a snapshot below a directory: the absolute paths are laid out under --target. The live instance is not touched.",
    )
    .argument("[snapshot]", "an id, its beginning, or latest", "latest")
    .option("--target <dir>", "where to; made if missing, otherwise it must be empty")
    .addOption(componentOption())
    .addOption(agentOption())
    .option("--path <path>", "only this file or directory; repeat for several", collect)
    .option("-n, --dry-run", "say what would be restored, and write nothing")
    .addHelpText("after", SHARED_DATABASE_HELP)
    .action(
      run<Options>(async (context, options, [snapshot = "latest"]) => {
        const { target, component = [], agent = [], path = [], dryRun = false } = options;
        if (target === undefined) {
          throw new ClawbackError("E_USAGE", "restore needs to know where to", {
            hint: "Name an empty or new directory: --target <dir>",
          });
        }
        const { restore } = await import("../../operations/restore.ts");
        const { renderRestore } = await import("../render/restore.ts");
        const document: RestoreDocument = await restore(context, {
          snapshot,
          target: resolve(context.cwd, target),
          components: component,
          agents: agent,
          paths: path,
          dryRun,
        });
        return {
          document,
          text: (view) => renderRestore(document, view),
          quietText: "",
          exitCode: exitCodeOf(document),
        };
      }),
    );
}

function exitCodeOf({ damaged, errors }: RestoreDocument): ExitCode {
  if (damaged) return EXIT.damaged;
  return errors.length === 0 ? EXIT.done : EXIT.incomplete;
}
