import type { View } from "../command.ts";
import type { ChannelVerdict } from "../../openclaw/portability/verdict.ts";
import { DRILL_LEVELS } from "../../operations/documents.ts";
import type { DrillCheck, DrillDocument } from "../../operations/drill/document.ts";
import { formatDuration, printable } from "../output/format.ts";
import { table } from "../output/table.ts";
import { nextStep, section } from "./blocks.ts";

/** The verdict, why it is no better, and what was seen, level by level. */
export function renderDrill(result: DrillDocument, view: View): string {
  return [
    headline(result, view),
    ...section("Why", reasons(result, view), view),
    ...DRILL_LEVELS.flatMap((level) => {
      const checks = result.checks.filter((check) => check.level === level);
      return section(TITLES[level], checks.flatMap((check) => lines(check, view)).join("\n"), view);
    }),
    ...section("Channels", channels(result.channels, view), view),
    ...next(result, view),
  ].join("\n");
}

const TITLES = {
  structure: "Structure: the repository",
  content: "Content: restored and read back",
  application: "Application: OpenClaw looks at it",
  boot: "Boot: OpenClaw runs from it",
};

function headline(result: DrillDocument, { style }: View): string {
  const { verdict, level, snapshot, duration } = result;
  const id = style.strong(snapshot.shortId);
  const took = style.faint(`in ${formatDuration(duration)}`);
  switch (verdict) {
    case "proven":
      return `${style.good("✓")} snapshot ${id} is ${style.good("proven")} (${level}) ${took}`;
    case "partly proven":
      return `${style.warning("!")} snapshot ${id} is ${style.warning("partly proven")} (${level}) ${took}`;
    case "failed":
      return `${style.bad("✗")} snapshot ${id} ${style.bad("failed")} (${level}) ${took}`;
  }
}

function reasons({ reasons: why }: DrillDocument, { style }: View): string {
  return why.map((reason) => `${style.warning("!")} ${printable(reason)}`).join("\n");
}

function lines({ ok, evidence, details }: DrillCheck, { style, verbose }: View): string[] {
  const sign = ok === true ? style.good("✓") : ok === null ? style.warning("!") : style.bad("✗");
  // Of what is well, nobody needs the particulars.
  const shown = ok === true && !verbose ? [] : details;
  return [
    `${sign} ${printable(evidence)}`,
    ...shown.map((detail) => `    ${style.faint(printable(detail))}`),
  ];
}

function channels(verdicts: readonly ChannelVerdict[], { style, width }: View): string {
  if (verdicts.length === 0) return "";
  return table(
    [{}, {}, {}, { shrink: "end" }],
    verdicts.map(({ channel, account, verdict, conditions }) => [
      printable(channel),
      printable(account),
      verdict === "survives" ? style.good(verdict) : style.warning(verdict),
      printable(conditions.join("; ")),
    ]),
    width === undefined ? undefined : width - 2,
  );
}

function next({ verdict, level, snapshot, record }: DrillDocument, view: View): string[] {
  const unkept =
    record === null
      ? ["", view.style.warning("! the verdict could not be kept in the repository")]
      : [];
  if (verdict === "failed") {
    return [...unkept, ...nextStep("Take a new one:", "clawback backup --verify", view)];
  }
  if (level === "boot") return unkept;
  const command = `clawback drill ${snapshot.shortId} --boot`;
  return [...unkept, ...nextStep("Start the real OpenClaw from it:", command, view)];
}
