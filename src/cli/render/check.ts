import type { View } from "../command.ts";
import type { CheckDocument } from "../../operations/documents.ts";
import { formatBytes, formatCount, formatDuration, printable } from "../output/format.ts";
import { nextStep } from "./blocks.ts";

export function renderCheck(result: CheckDocument, view: View): string {
  const { style } = view;
  const { snapshots, packs, blobs, bytesRead, duration } = result;
  const seen = [
    formatCount(snapshots, "snapshot"),
    formatCount(packs, "pack"),
    formatCount(blobs, "blob"),
  ].join(", ");
  const read =
    bytesRead > 0
      ? `${formatBytes(bytesRead)} of data read and verified`
      : "structure only: no data was read";
  const left =
    result.unnamedPacks === 0
      ? ""
      : `\n  ${formatCount(result.unnamedPacks, "pack")} that no index names, left by a run that was cut off: no harm`;
  const facts = `  ${seen}\n  ${read}, in ${formatDuration(duration)}${left}`;
  if (result.ok) {
    const more =
      bytesRead > 0 ? [] : nextStep("Read the data as well:", "clawback check --read-data", view);
    return [`${style.good("✓")} no damage found`, facts, ...more].join("\n");
  }
  return [
    `${style.bad("✗")} ${style.strong(`damage found: ${formatCount(result.errors.length, "error")}`)}`,
    facts,
    "",
    ...result.errors.map((error) => `${style.bad("✗")} ${printable(error)}`),
  ].join("\n");
}
