import { type Command, Option } from "commander";
import { collect, collectList } from "../command.ts";
import type { Runner } from "../command.ts";
import type { Context } from "../context.ts";
import type { BackupDocument } from "../../operations/documents.ts";
import type { DrillDocument } from "../../operations/drill/document.ts";
import { EXIT } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { agentOption, componentOption, SHARED_DATABASE_HELP } from "../part-options.ts";

interface Options {
  component?: string[];
  agent?: string[];
  exclude?: string[];
  tag?: string[];
  verify?: boolean;
  quiesce?: true;
  cold?: true;
  dryRun?: true;
}

export function addBackup(program: Command, run: Runner): void {
  program
    .command("backup")
    .summary("take a snapshot of the OpenClaw instance")
    .description(
      "Takes a snapshot while the agent keeps running. Only what is new since the last one is stored. Exit code 3 means: taken, but something that belongs to it could not be read.",
    )
    .addOption(componentOption())
    .addOption(agentOption())
    .option(
      "--exclude <pattern>",
      "leave out what this pattern names, as in a .gitignore; repeat for several",
      collect,
    )
    .option("--tag <tag>", "a word to find the snapshot by; repeat for several", collectList)
    .option("--verify", "drill the snapshot as soon as it is taken, as `clawback drill` does")
    .option("--no-verify", "do not look for damage in databases and files that have a format")
    .addOption(
      new Option(
        "--quiesce",
        "have the gateway pause for the seconds in which databases and configuration are captured",
      ).conflicts("dryRun"),
    )
    .addOption(
      new Option(
        "--cold",
        "stop the gateway, take everything, start it again, and say how long it was down",
      ).conflicts(["quiesce", "dryRun"]),
    )
    .option("-n, --dry-run", "say what would be taken, and store nothing")
    .addHelpText("after", SHARED_DATABASE_HELP)
    .action(
      run<Options>(async (context, options) => {
        const { component = [], agent = [], exclude = [], tag = [], verify, dryRun } = options;
        const { backup } = await import("../../operations/backup.ts");
        const { renderBackup } = await import("../render/backup.ts");
        const { renderDrill } = await import("../render/drill.ts");
        const taken: BackupDocument = await backup(context, {
          components: component,
          agents: agent,
          exclude,
          tags: tag,
          verify: verify ?? true,
          gateway: options.cold ? "stop" : options.quiesce ? "suspend" : "keep-running",
          dryRun: dryRun ?? false,
        });
        const drilled = verify === true ? await drillOf(context, taken) : null;
        return {
          document: { ...taken, drill: drilled },
          text: (view) =>
            [
              renderBackup(taken, view),
              ...(drilled === null ? [] : ["", renderDrill(drilled, view)]),
            ].join("\n"),
          quietText: taken.snapshot?.id ?? "",
          exitCode: drilled?.ok === false ? EXIT.drillFailed : exitCodeOf(taken),
        };
      }),
    );
}

/** Null after a dry run. */
async function drillOf(
  context: Context,
  { snapshot }: BackupDocument,
): Promise<DrillDocument | null> {
  if (snapshot === null) return null;
  const { drill, USUAL_LEVEL } = await import("../../operations/drill/drill.ts");
  const options = { level: USUAL_LEVEL, fetch: false, sandbox: undefined };
  return drill(context, { snapshot: snapshot.id, ...options });
}

/** Damage that was there before is told of like something missing: a person has to look at it. */
function exitCodeOf({ errors, damaged }: BackupDocument): ExitCode {
  const isWhole = errors.length === 0 && !damaged.some(({ serious }) => serious);
  return isWhole ? EXIT.done : EXIT.incomplete;
}
