import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { InspectDocument } from "../../operations/documents.ts";

export function addInspect(program: Command, run: Runner): void {
  program
    .command("inspect")
    .summary("show what the instance consists of")
    .description(
      "Finds the OpenClaw instance and says what it consists of: how big, how painful to lose, secret or not, and what a backup would leave out and why. Needs no repository.",
    )
    .action(
      run(async (context) => {
        const { inspect } = await import("../../operations/inspect.ts");
        const { renderInspect } = await import("../render/inspect.ts");
        const document: InspectDocument = await inspect(context);
        return { document, text: (view) => renderInspect(document, view) };
      }),
    );
}
