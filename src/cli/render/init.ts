import type { View } from "../command.ts";
import type { InitDocument } from "../../operations/documents.ts";
import { formatBytes, printable } from "../output/format.ts";
import { nextStep, section, warningLines } from "./blocks.ts";
import { renderBackup } from "./backup.ts";
import { renderRecoveryKit } from "./recovery-kit.ts";
import type { PrintedKit } from "./recovery-kit.ts";

/** The operation's result, its phrase taken out unless asked for. */
export type PrintedInit = Omit<InitDocument, "recoveryKit"> & { recoveryKit: PrintedKit };

/** What was made, the first backup, and what a person must keep elsewhere. */
export function renderInit(result: PrintedInit, view: View): string {
  const { instance, repository, backup, readBack, recoveryKit, warnings } = result;
  const { style } = view;
  const readBackLine =
    readBack === null
      ? []
      : [
          readBack.ok
            ? `${style.good("✓")} read back: ${formatBytes(readBack.bytesRead)} verified, no damage`
            : `${style.bad("✗")} read back: damage found`,
        ];
  return [
    `${style.good("✓")} repository ${style.strong(repository.id.slice(0, 8))} made for ${printable(instance.stateDir)}`,
    `  at ${printable(repository.location)}`,
    ...(backup === null ? [] : ["", renderBackup(backup, view), "", ...readBackLine]),
    ...section("Recovery kit", renderRecoveryKit(recoveryKit, view), view),
    ...warningLines(warnings, view),
    ...(backup === null ? nextStep("Take the first backup:", "clawback backup", view) : []),
  ].join("\n");
}
