import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { DemoDocument } from "../../operations/documents.ts";
import { EXIT } from "../exit-codes.ts";

export function addDemo(program: Command, run: Runner): void {
  program
    .command("demo")
    .summary("see the whole story on a made-up instance, in under a minute")
    .description(
      "Makes up an OpenClaw instance in a temporary directory, protects it, loses it and brings it back. Nothing of yours is touched; everything is removed at the end.",
    )
    .action(
      run(async (context) => {
        const { demo } = await import("../../operations/demo.ts");
        const { renderDemo } = await import("../render/demo.ts");
        const document: DemoDocument = await demo(context);
        return {
          document,
          text: (view) => renderDemo(document, view),
          exitCode: document.ok ? EXIT.done : EXIT.failed,
        };
      }),
    );
}
