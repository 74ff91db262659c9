import type { Command } from "commander";
import type { Runner } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { createStyle, wantsColour } from "../output/style.ts";
import { silentProgress } from "../../progress.ts";

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
        const { renderDemo, renderStep } = await import("../render/demo.ts");
        const { stderr } = process;
        const screen = {
          style: createStyle(wantsColour(stderr, context.env)),
          width: stderr.columns || 80,
        };
        // Somebody is watching: each step is told as it ends, and not again at the end.
        const live = !context.json && context.progress !== silentProgress;
        const document = await demo(context, (step) => {
          if (live) context.progress.note(renderStep(step, screen));
        });
        return {
          document,
          text: (view) =>
            renderDemo(
              live && view.width !== undefined ? { ...document, steps: [] } : document,
              view,
            ),
          exitCode: document.ok ? EXIT.done : EXIT.failed,
        };
      }),
    );
}
