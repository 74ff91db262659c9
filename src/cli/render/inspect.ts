import type { View } from "../command.ts";
import type { InspectDocument } from "../../operations/documents.ts";
import { formatBytes, formatCount, printable } from "../output/format.ts";
import { table } from "../output/table.ts";
import { nextStep, section, warningLines } from "./blocks.ts";

/** What there is, what its loss would mean, and what a backup would leave out. */
export function renderInspect(result: InspectDocument, view: View): string {
  const { instance, items, channels, excluded, warnings } = result;
  const { style, width } = view;
  const inner = width === undefined ? undefined : width - 2;
  const running = { true: "running", false: "stopped", null: "cannot be told" }[
    `${instance.running}` as const
  ];
  const facts = [
    ["state", printable(instance.stateDir)],
    ["config", printable(instance.configFile ?? "none found")],
    ["version", instance.version ?? "unknown"],
    ["gateway", running],
  ];
  const taken = items.map(({ component, path: where, files, bytes, loss, secret, rebuildable }) => [
    component,
    formatBytes(bytes),
    formatCount(files, "file"),
    rebuildable ? style.faint("rebuildable") : loss,
    secret ? style.warning("secret") : "",
    printable(where),
  ]);
  const left = excluded.map(({ path: where, reason, files, bytes }) => [
    formatBytes(bytes),
    formatCount(files, "file"),
    printable(where),
    reason,
  ]);
  const speaking = channels.map(({ channel, account, enabled, where, present }) => [
    channel,
    account,
    enabled ? "" : "disabled",
    present ? printable(where) : style.warning(`nothing at ${printable(where)}`),
  ]);
  const right = { align: "right" } as const;
  const path = { shrink: "start" } as const;
  const prose = { shrink: "end" } as const;
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    style.heading("OpenClaw instance"),
    ...table([{}, {}], facts)
      .split("\n")
      .map((line) => `  ${line}`),
    ...section(
      `A backup takes ${formatBytes(total)}`,
      table([{}, right, right, prose, {}, path], taken, inner),
      view,
    ),
    ...section("Channels", table([{}, {}, {}, path], speaking, inner), view),
    ...section("It leaves out", table([right, right, path, prose], left, inner), view),
    ...warningLines(warnings, view),
    ...nextStep("Take it:", "clawback backup", view),
  ].join("\n");
}
