import { type Command, Option } from "commander";
import { agree } from "../agree.ts";
import type { Runner } from "../command.ts";

interface Options {
  start: boolean;
  discard?: true;
  dryRun?: true;
}

export function addUndo(program: Command, run: Runner): void {
  program
    .command("undo")
    .summary("take back the last restore in place")
    .description(
      "Puts back what was there before the last restore in place. Run again, it brings the restored state back. What is kept for it goes with the next restore in place.",
    )
    .option("--no-start", "leave the gateway stopped")
    .addOption(
      new Option("--discard", "remove what is kept, to free its space: no undo after that"),
    )
    .option("-n, --dry-run", "say what would be put back, and change nothing")
    .action(
      run<Options>(async (context, { start, discard = false, dryRun = false }) => {
        const { planUndo, executeUndo, discardUndo } =
          await import("../../operations/in-place/undo.ts");
        const { renderUndo, renderUndoPlan } = await import("../render/undo.ts");
        const plan = await planUndo(context, { discard });
        if (dryRun) {
          return {
            document: plan.document,
            text: (view) => renderUndoPlan(plan.document, { discard }, view),
          };
        }
        await agree(context, (view) => renderUndoPlan(plan.document, { discard }, view), {
          message: discard ? "Remove what is kept for an undo?" : "Put that back?",
        });
        const document = discard
          ? await discardUndo(context, plan)
          : await executeUndo(context, plan, { start });
        return { document, text: (view) => renderUndo(document, view), quietText: "" };
      }),
    );
}
