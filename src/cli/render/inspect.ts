import type { View } from "../command.ts";
import type { InspectDocument } from "../../operations/documents.ts";
import { formatBytes, formatCount, formatNumber, printable } from "../output/format.ts";
import { table } from "../output/table.ts";
import { wrap } from "../output/wrap.ts";
import { nextStep, problemLines, section, warningLines } from "./blocks.ts";
import { channels, databases, leftOut, outside } from "./inspect-parts.ts";

/** What there is, what its loss would mean, what a backup would leave out, what is at risk. */
export function renderInspect(result: InspectDocument, view: View): string {
  const { components, excluded, errors, risks } = result;
  const files = components.reduce((sum, each) => sum + each.files, 0);
  const bytes = components.reduce((sum, each) => sum + each.bytes, 0);
  const without = excluded.reduce((sum, each) => sum + each.bytes, 0);
  const unprotected = risks.some(({ code }) => code === "no-repository");
  return [
    ...section("OpenClaw instance", facts(result), view).slice(1),
    ...section(
      `A backup takes ${formatCount(files, "file")}, ${formatBytes(bytes)}`,
      [componentTable(result, view), ...sharedDatabases(result, view)].join("\n"),
      view,
    ),
    ...section("Where it lies", view.verbose ? places(result, view) : "", view),
    ...section("Channels", channels(result, view), view),
    ...section("Databases", databases(result, view), view),
    ...section("Outside of the state directory", outside(result, view), view),
    ...section(`It leaves out ${formatBytes(without)}`, leftOut(result, view), view),
    ...section("Could not be taken", problemLines(errors, view), view),
    ...section("Not in any backup of this machine", notProtected(result, view), view),
    ...section("Risks", riskLines(result, view), view),
    ...warningLines(unsaid(result), view),
    ...(unprotected
      ? nextStep("Protect it:", "clawback init", view)
      : nextStep("Take it:", "clawback backup", view)),
    ...(view.verbose ? [] : [view.style.faint("Every place and path: add --verbose")]),
  ].join("\n");
}

const RUNNING = { true: "running", false: "stopped", null: "cannot be told" };

function facts({ instance, counts }: InspectDocument): string {
  const { version, installed, running } = instance;
  const holds = [
    [counts["sessions"], "session", "sessions"],
    [counts["transcriptRows"], "message", "messages"],
    [counts["memoryFiles"], "memory file", "memory files"],
    [counts["cronJobs"], "cron job", "cron jobs"],
  ] as const;
  const also = installed === null || installed === version ? "" : ` (installed: ${installed})`;
  const rows = [
    ["state", printable(instance.stateDir)],
    ["config", printable(instance.configFile ?? "none found")],
    ["version", (version ?? "unknown") + also],
    ["gateway", RUNNING[`${running}`]],
    ["holds", holds.map(([count = 0, one, many]) => formatCount(count, one, many)).join(", ")],
  ];
  return table([{}, {}], rows);
}

/** The worst first. */
const LOSSES = ["irreplaceable", "painful", "rebuildable"];

function componentTable({ components }: InspectDocument, { style, width }: View): string {
  const rows = components.map(({ component, files, bytes, secret, loss, parts }) => {
    const allSecret = parts.every((part) => part.secret);
    const losses = LOSSES.map((each) => parts.filter((part) => part.loss === each))
      .filter((those) => those.length > 0)
      .map((those) => {
        const sum = those.reduce((all, part) => all + part.bytes, 0);
        return `${those[0]?.loss} ${formatBytes(sum)}`;
      });
    return [
      component,
      formatBytes(bytes),
      formatNumber(files),
      secret ? style.warning(allSecret ? "yes" : "in part") : "",
      losses.length === 1 ? loss : losses.join(", "),
    ];
  });
  const right = { align: "right" } as const;
  const columns = [
    { header: "COMPONENT" },
    { header: "SIZE", ...right },
    { header: "FILES", ...right },
    { header: "SECRET" },
    { header: "IF LOST", shrink: "end" },
  ] as const;
  return table(columns, rows, width && width - 2, style.faint);
}

/** From 2026.9 on nearly everything is rows of databases: what people look for is not a file. */
function sharedDatabases({ components }: InspectDocument, { width }: View): string[] {
  return components
    .filter(({ holds }) => holds.length > 0)
    .flatMap(({ component, holds }) => {
      const those = holds.map((each) => IN_WORDS[each] ?? each);
      const list =
        those.length < 2 ? those[0] : `${those.slice(0, -1).join(", ")} and ${those.at(-1)}`;
      const text = `${list} are rows of databases as well: \`--component ${component}\` takes them and brings them back, all of it as a whole.`;
      return ["", ...wrap(text[0]?.toUpperCase() + text.slice(1), width && width - 2)];
    });
}

const IN_WORDS: Readonly<Record<string, string>> = { cron: "cron jobs" };

function places({ items, components }: InspectDocument, { style, width }: View): string {
  const order = components.map(({ component }) => component);
  const inOrder = items.toSorted(
    (a, b) => order.indexOf(a.component) - order.indexOf(b.component) || b.bytes - a.bytes,
  );
  const rows = inOrder.map(({ component, path, files, bytes, loss, secret, machineBound }) => [
    component,
    formatBytes(bytes),
    formatCount(files, "file"),
    machineBound ? style.faint("of this machine") : loss,
    secret ? style.warning("secret") : "",
    printable(path),
  ]);
  const right = { align: "right" } as const;
  return table([{}, right, right, {}, {}, { shrink: "start" }], rows, width && width - 2);
}

function notProtected({ notProtected: hosted }: InspectDocument, { style, width }: View): string {
  return hosted
    .flatMap(({ service, at }) =>
      wrap(
        `${style.bad("✗")} ${printable(service)} keeps memory outside of this machine (${printable(at)}): export it there, nothing here can bring it back`,
        width && width - 2,
        "  ",
      ),
    )
    .join("\n");
}

/** The warnings that no other part of the text tells of. */
function unsaid({ warnings, errors, databases: found }: InspectDocument): string[] {
  const said = new Set([
    ...errors.map(({ path, message }) => `${path}: ${message}`),
    ...found.flatMap(({ path, empty, problems }) =>
      [empty, ...problems].map((each) => `${path}: ${each}`),
    ),
  ]);
  return warnings.filter((warning) => !said.has(warning));
}

const PATHS_SHOWN = 3;

function riskLines({ risks }: InspectDocument, { style, width, verbose }: View): string {
  return risks
    .flatMap(({ message, hint, paths = [] }) => {
      const unsaid = paths.filter((path) => !message.includes(path));
      const shown = verbose ? unsaid : unsaid.slice(0, PATHS_SHOWN);
      const more = unsaid.length - shown.length;
      return [
        ...wrap(`${style.warning("!")} ${printable(message)}`, width && width - 2, "  "),
        ...shown.map((path) => `    ${printable(path)}`),
        ...(more > 0 ? [style.faint(`    and ${formatNumber(more)} more (--verbose)`)] : []),
        ...wrap(`  ${style.faint("hint:")} ${printable(hint)}`, width && width - 2, "  "),
      ];
    })
    .join("\n");
}
