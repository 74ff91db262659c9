import { checklist } from "../../openclaw/portability/checklist.ts";
import type { SessionsDocument, SessionVerdict } from "../../operations/sessions/document.ts";
import type { View } from "../command.ts";
import { formatRelative, formatTime, printable } from "../output/format.ts";
import { table } from "../output/table.ts";
import { wrap } from "../output/wrap.ts";
import { noteLines, section, warningLines } from "./blocks.ts";
import { paintOf, renderChecklist } from "./checklist.ts";

/** A verdict a line, then what each rests on, then what to do afterwards. */
export function renderSessions(result: SessionsDocument, view: View): string {
  const { channels, snapshot, instance } = result;
  const of =
    snapshot === null
      ? `Sessions of ${printable(instance.stateDir)}`
      : `Sessions in snapshot ${snapshot.shortId} of ${formatTime(new Date(snapshot.time))}`;
  if (channels.length === 0) {
    return [view.style.heading(of), "  no messaging channel is set up"].join("\n");
  }
  return [
    ...section(of, overview(channels, view), view).slice(1),
    ...channels.flatMap((each) =>
      section(`${printable(each.channel)} ${printable(each.account)}`, details(each, view), view),
    ),
    ...section("After a move or a restore", renderChecklist(checklist(channels), view), view),
    ...noteLines(result.notes, view),
    ...warningLines(result.warnings, view),
  ].join("\n");
}

function overview(channels: readonly SessionVerdict[], view: View): string {
  const rows = channels.map(({ channel, account, verdict, where, newest }) => [
    printable(channel),
    printable(account),
    paintOf(verdict, view.style)(verdict),
    newest === null ? "" : formatRelative(new Date(newest), view.now),
    printable(where),
  ]);
  const columns = [
    { header: "CHANNEL" },
    { header: "ACCOUNT", shrink: "end" },
    { header: "VERDICT" },
    { header: "CHANGED" },
    { header: "WHERE", shrink: "start" },
  ] as const;
  return table(columns, rows, view.width && view.width - 2, view.style.faint);
}

function details({ conditions, evidence }: SessionVerdict, { style, width }: View): string {
  const room = width && width - 2;
  return [
    ...conditions.flatMap((each) => wrap(`${style.warning("if")} ${printable(each)}`, room, "   ")),
    ...evidence.flatMap((each) => wrap(`${style.faint("·")}  ${printable(each)}`, room, "   ")),
  ].join("\n");
}
