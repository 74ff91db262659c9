import type { View } from "../command.ts";
import type { DemoDocument } from "../../operations/documents.ts";
import { formatDuration, printable } from "../output/format.ts";
import { nextStep } from "./blocks.ts";

export function renderDemo({ ok, steps, duration }: DemoDocument, view: View): string {
  const { style } = view;
  const lines = steps.map(({ name, ok: fine, evidence, duration: took }) =>
    [
      `${fine ? style.good("✓") : style.bad("✗")} ${style.strong(name)} ${style.faint(formatDuration(took))}`,
      `  ${printable(evidence)}`,
    ].join("\n"),
  );
  const end = ok ? style.good("The agent came back") : style.bad("The demo failed");
  return [
    ...lines,
    "",
    `${end}, in ${formatDuration(duration)}.`,
    ...nextStep("Now your own:", "clawback init", view),
  ].join("\n");
}
