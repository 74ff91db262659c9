import type { ChecklistLine } from "../../openclaw/portability/checklist.ts";
import type { Portability } from "../../openclaw/portability/verdict.ts";
import type { View } from "../command.ts";
import { printable } from "../output/format.ts";
import type { Style } from "../output/style.ts";
import { wrap } from "../output/wrap.ts";

const MARKS: Readonly<Record<Portability, string>> = {
  survives: "✓",
  "survives if": "!",
  "must be paired again": "✗",
  "cannot be judged": "?",
};

/** What to do after a restore or a move, channel by channel. */
export function renderChecklist(lines: readonly ChecklistLine[], { style, width }: View): string {
  return lines
    .flatMap(({ channel, account, verdict, todo }) => {
      const who = account === "default" ? channel : `${channel} (${account})`;
      const mark = paintOf(verdict, style)(MARKS[verdict]);
      return wrap(`${mark} ${printable(who)}: ${printable(todo)}`, width && width - 2, "  ");
    })
    .join("\n");
}

export function paintOf(verdict: Portability, style: Style): (text: string) => string {
  if (verdict === "survives") return style.good;
  return verdict === "must be paired again" ? style.bad : style.warning;
}
