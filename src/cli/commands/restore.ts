import { type Command, Option } from "commander";
import { resolve } from "node:path";
import { ClawbackError } from "../../errors.ts";
import type { RestoreDocument } from "../../operations/documents.ts";
import { collect } from "../command.ts";
import type { Outcome, Runner } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { mappingOption, parseMappings } from "../mapping-option.ts";
import { atOption, snapshotOrMoment } from "../at-option.ts";
import { agentOption, componentOption, SHARED_DATABASE_HELP } from "../part-options.ts";
import { besideOriginal, toStdout } from "./restore-beside.ts";
import { addInPlaceOptions, type InPlaceFlags, restoreInPlace } from "./restore-in-place.ts";

interface Options extends InPlaceFlags {
  target?: string;
  inPlace?: true;
  beside?: true;
  stdout?: true;
  at?: string;
}

/** A restore goes to one of these. */
const PLACES = ["target", "inPlace", "beside", "stdout"];

export function addRestore(program: Command, run: Runner): void {
  const command = program
    .command("restore")
    .summary("bring a snapshot back")
    .description(
      "Restores a snapshot below a directory: the absolute paths are laid out under --target, and the live instance is not touched. With --in-place it takes the place of what is there, in one step that `clawback undo` takes back.",
    )
    .argument("[snapshot]", "an id, its beginning, or latest", "latest")
    .addOption(place("--target <dir>", "where to; made if missing, otherwise it must be empty"))
    .addOption(place("--in-place", "replace what is there"))
    .addOption(
      place(
        "--beside",
        "with --path: next to the original, as <name>.restored-<time of the snapshot>",
      ),
    )
    .addOption(place("--stdout", "with --path: print the bytes of that file"))
    .addOption(atOption())
    .addOption(componentOption())
    .addOption(agentOption())
    .option("--path <path>", "only this file or directory; repeat for several", collect)
    .addOption(mappingOption())
    .option("--owner <user[:group]>", "whom the files are to belong to")
    .option("--rewrite-words", "with --map: rewrite Markdown and transcripts too")
    .option("-n, --dry-run", "say what would be restored, and write nothing");
  addInPlaceOptions(command)
    .addHelpText("after", SHARED_DATABASE_HELP)
    .action(
      run<Options>(async (context, options, [named = "latest"]) => {
        const { at, path = [] } = options;
        const snapshot = await snapshotOrMoment(context, named, at);
        if (options.inPlace) return restoreInPlace(context, snapshot, options);
        if (options.beside) return besideOriginal(context, snapshot, path);
        if (options.stdout) return toStdout(context, snapshot, path);
        if (options.target !== undefined) return toTarget(context, snapshot, options);
        throw new ClawbackError("E_USAGE", "restore needs to know where to", {
          hint: "Name an empty or new directory with --target <dir>, or say --in-place.",
        });
      }),
    );
}

function place(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.conflicts(PLACES.filter((other) => other !== option.attributeName()));
}

async function toTarget(
  context: Context,
  snapshot: string | Date,
  { target = "", component = [], agent = [], path = [], ...options }: Options,
): Promise<Outcome> {
  const { restore } = await import("../../operations/restore.ts");
  const { renderRestore } = await import("../render/restore.ts");
  const document: RestoreDocument = await restore(context, {
    snapshot,
    target: resolve(context.cwd, target),
    components: component,
    agents: agent,
    paths: path,
    ...((options.map ?? options.owner) !== undefined && {
      adapt: {
        mappings: parseMappings(options.map ?? [], context),
        rewriteWords: options.rewriteWords ?? false,
        owner: options.owner,
      },
    }),
    dryRun: options.dryRun ?? false,
  });
  return {
    document,
    text: (view) => renderRestore(document, view),
    quietText: "",
    exitCode: exitCodeOf(document),
  };
}

function exitCodeOf({ damaged, errors }: RestoreDocument): ExitCode {
  if (damaged) return EXIT.damaged;
  return errors.length === 0 ? EXIT.done : EXIT.incomplete;
}
