import type { Command } from "commander";
import { collectList } from "../command.ts";
import type { Runner } from "../command.ts";
import type { SnapshotDocument } from "../../operations/documents.ts";

interface Options {
  tag?: string[];
  host?: string;
}

export function addSnapshots(program: Command, run: Runner): void {
  program
    .command("snapshots")
    .summary("list the snapshots")
    .description("Lists the repository's snapshots, oldest first.")
    .option("--tag <tag>", "only those with this tag; repeat: with all of them", collectList)
    .option("--host <name>", "only those of this host")
    .action(
      run<Options>(async (context, { tag = [], host }) => {
        const { snapshots } = await import("../../operations/snapshots.ts");
        const { renderSnapshots } = await import("../render/snapshots.ts");
        const document: SnapshotDocument[] = await snapshots(context, {
          tags: tag,
          ...(host !== undefined && { host }),
        });
        return { document, text: (view) => renderSnapshots(document, view) };
      }),
    );
}
