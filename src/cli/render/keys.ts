import type { View } from "../command.ts";
import type { KeyDocument } from "../../operations/documents.ts";
import { formatTime, printable } from "../output/format.ts";
import { table } from "../output/table.ts";

export function renderKeys(keys: readonly KeyDocument[], { style, width, verbose }: View): string {
  const rows = keys.map(({ id, shortId, current, username, hostname, created }) => [
    current ? style.good("*") : "",
    style.strong(verbose ? id : shortId),
    printable(`${username}@${hostname}`),
    formatTime(new Date(created)),
  ]);
  const columns = [
    {},
    { header: "ID" },
    { header: "MADE BY", shrink: "end" },
    { header: "MADE ON" },
  ] as const;
  return `${table(columns, rows, width, style.heading)}\n${style.faint("* opened the repository just now")}`;
}
