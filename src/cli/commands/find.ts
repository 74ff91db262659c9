import type { Command } from "commander";
import { collect } from "../command.ts";
import type { Runner } from "../command.ts";
import type { FindDocument } from "../../operations/documents.ts";

interface Options {
  snapshot?: string[];
  ignoreCase?: true;
}

export function addFind(program: Command, run: Runner): void {
  program
    .command("find")
    .summary("find a file in the snapshots")
    .description(
      "Looks for a name in every snapshot, newest first. * ? and [] work as in a shell; a pattern with a slash is compared with the whole path.",
    )
    .argument("<pattern>", "like MEMORY.md or '*.sqlite'")
    .option("--snapshot <id>", "only in this snapshot; repeat for several", collect)
    .option("-i, --ignore-case", "upper and lower case are the same")
    .action(
      run<Options>(async (context, { snapshot = [], ignoreCase = false }, [pattern = ""]) => {
        const { find } = await import("../../operations/find.ts");
        const { renderFind } = await import("../render/entries.ts");
        const document: FindDocument = await find(context, {
          pattern,
          snapshots: snapshot,
          ignoreCase,
        });
        return { document, text: (view) => renderFind(document, view) };
      }),
    );
}
