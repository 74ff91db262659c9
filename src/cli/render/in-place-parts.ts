import type { InPlaceDocument } from "../../operations/in-place/document.ts";
import { formatCount, printable } from "../output/format.ts";

/** Which place became which, what was rewritten and what was left alone. */
export function mappingLines({ mapped, mapping }: InPlaceDocument): string {
  const places = mapped.map(
    ({ from, to, automatic }) =>
      `${printable(from)} → ${printable(to)}${automatic ? " (automatic)" : ""}`,
  );
  const rewritten = (mapping?.rewritten ?? []).map(
    ({ path, at, count }) =>
      `rewritten: ${printable(path)}${at && ` ${printable(at)}`}: ${formatCount(count, "reference")}`,
  );
  const left = (mapping?.left ?? []).map(
    ({ path, at, why, count }) =>
      `left alone: ${printable(path)}${at && ` ${printable(at)}`}: ${formatCount(count, "reference")}, ${why}`,
  );
  return [...places, ...rewritten, ...left].join("\n");
}

export function sessionLines(sessions: InPlaceDocument["sessions"]): string {
  return sessions
    .map(({ channel, account, keep, why }) => {
      const what = keep === "live" ? "stays as it is here" : "comes from the snapshot";
      return `${printable(channel)} ${printable(account)}: ${what}: ${why}`;
    })
    .join("\n");
}

export function pluginLines(plugins: InPlaceDocument["plugins"]): string {
  return plugins
    .map(({ id, command, installed }) =>
      installed === true ? `${printable(id)}: installed` : printable(command.join(" ")),
    )
    .join("\n");
}

export function revivalLines(revival: InPlaceDocument["revival"]): string {
  if (revival === null) return "";
  const done = revival.done.map(({ what, path, count }) => {
    const times = count === 1 ? "" : ` (${count})`;
    return `${printable(path)}: ${what}${times}`;
  });
  const told = revival.told.map(({ what, why, command }) =>
    [printable(`${what}. ${why}`), ...(command ? [`  ${command.join(" ")}`] : [])].join("\n"),
  );
  return [...done, ...told].join("\n");
}
