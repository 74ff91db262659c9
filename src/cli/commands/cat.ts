import type { Command } from "commander";
import type { Runner } from "../command.ts";
import type { CatDocument } from "../../operations/documents.ts";
import { ClawbackError } from "../../errors.ts";
import { atOption, snapshotOrMoment } from "../at-option.ts";
import { snapshotAndPath } from "../snapshot-arguments.ts";

export function addCat(program: Command, run: Runner): void {
  program
    .command("cat")
    .summary("print a file as a snapshot holds it")
    .description("Writes a file's bytes to stdout as they are. With --json: in base64.")
    .argument("[snapshot]", "an id, its beginning, or latest", "latest")
    .argument("[path]", "the file's absolute path")
    .usage("[options] [snapshot] <path>")
    .addOption(atOption())
    .action(
      run<{ at?: string }>(async (context, { at }, args) => {
        const { snapshot: named, path } = snapshotAndPath(args);
        if (path === undefined) {
          throw new ClawbackError("E_USAGE", "cat needs the absolute path of a file", {
            hint: "clawback cat latest /path/to/file; the paths are listed by: clawback ls",
          });
        }
        const snapshot = await snapshotOrMoment(context, named, at);
        const { cat } = await import("../../operations/cat.ts");
        if (!context.json) {
          await cat(context, { snapshot, path }, context.write);
          return undefined;
        }
        const chunks: Uint8Array[] = [];
        const file = await cat(
          context,
          { snapshot, path },
          async (chunk) => void chunks.push(chunk),
        );
        const document: CatDocument = {
          ...file,
          content: Buffer.concat(chunks).toString("base64"),
        };
        return { document, text: () => "" };
      }),
    );
}
