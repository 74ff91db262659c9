import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { LsDocument } from "../../operations/documents.ts";
import { snapshotAndPath } from "../snapshot-arguments.ts";

interface Options {
  recursive?: true;
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
    .action(
      run<Options>(async (context, { recursive = false }, args) => {
        const { snapshot, path } = snapshotAndPath(args);
        const { ls } = await import("../../operations/ls.ts");
        const { renderLs } = await import("../render/entries.ts");
        const document: LsDocument = await ls(context, {
          snapshot,
          path: path ?? "/",
          recursive: recursive || path === undefined,
        });
        return { document, text: (view) => renderLs(document, view) };
      }),
    );
}
