import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { DiffDocument } from "../../operations/documents.ts";

export function addDiff(program: Command, run: Runner): void {
  program
    .command("diff")
    .summary("show what changed between two snapshots")
    .description(
      "Compares two snapshots: + added, - removed, M changed, T another type. Without the second, compares with the latest. --verbose shows files of which only the metadata changed (U).",
    )
    .argument("<from>", "an id, its beginning, or latest")
    .argument("[to]", "the same", "latest")
    .action(
      run(async (context, _options, [from = "", to = "latest"]) => {
        const { diff } = await import("../../operations/diff.ts");
        const { renderDiff } = await import("../render/entries.ts");
        const document: DiffDocument = await diff(context, { from, to });
        return { document, text: (view) => renderDiff(document, view) };
      }),
    );
}
