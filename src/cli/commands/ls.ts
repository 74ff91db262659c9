import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { LsDocument } from "../../operations/documents.ts";
import { atOption, snapshotOrMoment } from "../at-option.ts";
import { snapshotAndPath } from "../snapshot-arguments.ts";

interface Options {
  recursive?: true;
  at?: string;
}

export function addLs(program: Command, run: Runner): void {
  program
    .command("ls")
    .summary("list what a snapshot holds")
    .description(
      "Lists a snapshot's files: all of them, or those of one directory. --verbose adds mode, size and time.",
    )
    .argument("[snapshot]", "an id, its beginning, or latest", "latest")
    .argument("[path]", "an absolute path in the snapshot")
    .option("--recursive", "everything below the path as well")
    .addOption(atOption())
    .action(
      run<Options>(async (context, { recursive = false, at }, args) => {
        const { snapshot, path } = snapshotAndPath(args);
        const { ls } = await import("../../operations/ls.ts");
        const { renderLs } = await import("../render/entries.ts");
        const document: LsDocument = await ls(context, {
          snapshot: await snapshotOrMoment(context, snapshot, at),
          path: path ?? "/",
          recursive: recursive || path === undefined,
        });
        return { document, text: (view) => renderLs(document, view) };
      }),
    );
}
