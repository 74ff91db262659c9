import type { Command } from "commander";
import { COMPONENTS } from "../../openclaw/rules.ts";
import { collectList } from "../command.ts";
import type { Runner } from "../command.ts";
import type { BackupDocument } from "../../operations/documents.ts";
import { EXIT } from "../exit-codes.ts";

interface Options {
  component?: string[];
  tag?: string[];
  dryRun?: true;
}

export function addBackup(program: Command, run: Runner): void {
  program
    .command("backup")
    .summary("take a snapshot of the OpenClaw instance")
    .description(
      "Takes a snapshot while the agent keeps running. Only what is new since the last one is stored. Exit code 3 means: taken, but something that belongs to it could not be read.",
    )
    .option(
      "--component <name>",
      `only this component (${COMPONENTS.join(", ")}); repeat for several`,
      collectList,
    )
    .option("--tag <tag>", "a word to find the snapshot by; repeat for several", collectList)
    .option("-n, --dry-run", "say what would be taken, and store nothing")
    .action(
      run<Options>(async (context, { component = [], tag = [], dryRun = false }) => {
        const { backup } = await import("../../operations/backup.ts");
        const { renderBackup } = await import("../render/backup.ts");
        const document: BackupDocument = await backup(context, {
          components: component,
          tags: tag,
          dryRun,
        });
        return {
          document,
          text: (view) => renderBackup(document, view),
          quietText: document.snapshot?.id ?? "",
          exitCode: document.errors.length === 0 ? EXIT.done : EXIT.incomplete,
        };
      }),
    );
}
