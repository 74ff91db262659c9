import { Option } from "commander";
import type { Command } from "commander";
import type { Runner } from "../command.ts";
import { ClawbackError } from "../../errors.ts";
import type { CheckDocument } from "../../operations/documents.ts";
import { EXIT } from "../exit-codes.ts";

interface Options {
  readData?: true;
  readDataSubset?: number;
}

export function addCheck(program: Command, run: Runner): void {
  program
    .command("check")
    .summary("look for damage in the repository")
    .description(
      "Checks that the repository hangs together: every snapshot's trees and the packs they need. With --read-data it reads every byte back and verifies it. Exit code 13 means: damage found.",
    )
    .option("--read-data", "read and verify all data")
    .addOption(
      new Option("--read-data-subset <share>", "read and verify a random share, like 10%")
        .argParser(parseShare)
        .conflicts("readData"),
    )
    .action(
      run<Options>(async (context, { readData, readDataSubset }) => {
        const { check } = await import("../../operations/check.ts");
        const { renderCheck } = await import("../render/check.ts");
        const document: CheckDocument = await check(context, {
          readDataShare: readData ? 1 : (readDataSubset ?? 0),
        });
        return {
          document,
          text: (view) => renderCheck(document, view),
          exitCode: document.ok ? EXIT.done : EXIT.damaged,
        };
      }),
    );
}

/** "10%" → 0.1. */
function parseShare(text: string): number {
  const share = /^\d+(?:\.\d+)?%$/u.test(text) ? Number.parseFloat(text) / 100 : Number.NaN;
  if (share > 0 && share <= 1) return share;
  throw new ClawbackError("E_USAGE", `--read-data-subset ${text}: not a share of the data`, {
    hint: "Give a percentage above 0% and up to 100%, like 10%.",
  });
}
