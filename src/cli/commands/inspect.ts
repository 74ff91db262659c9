import type { Command } from "commander";
import { collect } from "../command.ts";
import type { Runner } from "../command.ts";
import type { InspectDocument } from "../../operations/documents.ts";

interface Options {
  exclude?: string[];
}

export function addInspect(program: Command, run: Runner): void {
  program
    .command("inspect")
    .summary("show what the instance consists of")
    .description(
      "Finds the OpenClaw instance and says what it consists of: how big each part is, how painful to lose, secret or not; what lies outside of the state directory, what a backup would leave out and why, what is at risk, and what no backup of this machine can hold. Needs no repository and changes nothing.",
    )
    .option(
      "--exclude <pattern>",
      "as a backup with this pattern would be; repeat for several",
      collect,
    )
    .action(
      run<Options>(async (context, { exclude = [] }) => {
        const { inspect } = await import("../../operations/inspect.ts");
        const { renderInspect } = await import("../render/inspect.ts");
        const document: InspectDocument = await inspect(context, { exclude });
        return { document, text: (view) => renderInspect(document, view) };
      }),
    );
}
