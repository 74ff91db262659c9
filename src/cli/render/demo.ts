import type { View } from "../command.ts";
import type { DemoDocument } from "../../operations/documents.ts";
import { formatDuration, printable } from "../output/format.ts";
import { displayWidth } from "../output/table.ts";
import { nextStep } from "./blocks.ts";

const INDENT = "  ";
/** Longer lines are hard to read, however wide the terminal. */
const WIDEST = 88;

export function renderDemo({ ok, steps, duration }: DemoDocument, view: View): string {
  const { style } = view;
  const end = ok ? style.good("The agent came back") : style.bad("The demo failed");
  return [
    ...steps.map((step) => renderStep(step, view)),
    "",
    `${end}, in ${formatDuration(duration)}. Everything that was made up is removed again.`,
    ...nextStep("Now your own:", "clawback init", view),
  ].join("\n");
}

export function renderStep(
  { name, ok, evidence, duration }: DemoDocument["steps"][number],
  { style, width }: Pick<View, "style" | "width">,
): string {
  const sign = ok ? style.good("✓") : style.bad("✗");
  const title = `${sign} ${style.strong(name)} ${style.faint(formatDuration(duration))}`;
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.min(width, WIDEST);
  return [title, ...wrap(printable(evidence), room - INDENT.length)].join(`\n${INDENT}`);
}

/** Breaks a text between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && displayWidth(`${line} ${word}`) <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
