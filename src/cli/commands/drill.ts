import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { atOption, snapshotOrMoment } from "../at-option.ts";
import type { Runner } from "../command.ts";
import { DRILL_LEVELS, type DrillLevel } from "../../operations/documents.ts";
import type { DrillDocument } from "../../operations/drill/document.ts";
import { EXIT } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";

interface Options {
  boot?: true;
  level?: DrillLevel;
  fetch?: true;
  sandbox?: string;
  at?: string;
}

export function addDrill(program: Command, run: Runner): void {
  program
    .command("drill")
    .summary("try whether a snapshot comes back")
    .description(
      "Restores a snapshot into a private sandbox and looks whether it is all there: every file's hash, every database, what OpenClaw itself makes of it. The live instance is not touched. The verdict is kept beside the snapshot. Exit code 21 means: the snapshot failed.",
    )
    .argument("[snapshot]", "an id, its beginning, or latest", "latest")
    .addOption(atOption())
    .addOption(
      new Option("--boot", "start the real gateway from it, where it can reach nothing").conflicts(
        "level",
      ),
    )
    .addOption(new Option("--level <level>", "go no further than this").choices([...DRILL_LEVELS]))
    .option("--fetch", "get the matching release of OpenClaw when it is not on this machine")
    .option("--sandbox <dir>", "where to restore to, when there is no room beside the cache")
    .action(
      run<Options>(async (context, options, [snapshot = "latest"]) => {
        const { drill, USUAL_LEVEL } = await import("../../operations/drill/drill.ts");
        const { renderDrill } = await import("../render/drill.ts");
        const asked = options.boot ? "boot" : options.level;
        const document: DrillDocument = await drill(context, {
          snapshot: await snapshotOrMoment(context, snapshot, options.at),
          level: asked ?? USUAL_LEVEL,
          fetch: options.fetch ?? false,
          sandbox:
            options.sandbox === undefined ? undefined : resolve(context.cwd, options.sandbox),
        });
        return {
          document,
          text: (view) => renderDrill(document, view),
          quietText: document.verdict,
          exitCode: exitCodeOf(document, asked !== undefined),
        };
      }),
    );
}

/** @param asked a level was asked for by name: then it is not enough to stop before it */
function exitCodeOf({ verdict, level, wanted }: DrillDocument, asked: boolean): ExitCode {
  if (verdict === "failed") return EXIT.drillFailed;
  return asked && level !== wanted ? EXIT.incomplete : EXIT.done;
}
