import type { Run } from "./run.ts";

const MB = 1_000_000;
/** So many missing parts are named in one cell. */
const FEW = 2;

/** What each tool gave back, as a Markdown table: a line a part, a column a tool. */
export function renderTable(runs: Run[], brokenRuns: Run[]): string {
  const columns = Map.groupBy(runs, ({ rival }) => rival.name);
  const broken = new Map(brokenRuns.map((run) => [run.rival.name, run]));
  const parts = [...(runs[0]?.verdicts.keys() ?? [])];
  const each = (cell: (runs: Run[], name: string) => string): string[] =>
    [...columns].map(([name, own]) => cell(own, name));
  const rows = [
    ["", ...each((own) => `${own[0]?.rival.name} ${own[0]?.rival.version}`)],
    ["---", ...each(() => "---")],
    ...parts.map((part) => [part, ...each((own) => renderPart(own, part))]),
    ["all of this, with a malformed `openclaw.json`", ...each((_, name) => kept(broken.get(name)))],
    ["its own check of the result", ...each((own) => renderCheck(own))],
    ["keys unreadable without a password", ...each((own) => (own.some(leaks) ? "no" : "yes"))],
    ["first backup takes", ...each((own) => `${median(own, "captureSeconds").toFixed(1)} s`)],
    ["and stores", ...each((own) => `${Math.round(median(own, "storedBytes") / MB)} MB`)],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** `yes` where every run was whole; where runs differ, how many were; else what was found. */
function renderPart(runs: Run[], part: string): string {
  const verdicts = runs.map(({ verdicts: all }) => all.get(part));
  const whole = verdicts.filter((verdict) => verdict?.whole === true);
  if (whole.length === verdicts.length) return "yes";
  const found = verdicts.find((verdict) => verdict?.whole !== true)?.found ?? "";
  if (whole.length > 0) return `in ${whole.length} of ${verdicts.length} runs, else ${found}`;
  return `**no**: ${found}`;
}

function kept(run: Run | undefined): string {
  if (run === undefined) return "";
  const missing = [...run.verdicts].filter(([, { whole }]) => !whole).map(([name]) => name);
  if (missing.length === 0) return "yes";
  const all = run.verdicts.size;
  const names = missing.length <= FEW ? `, not ${missing.join(" and ")}` : "";
  return `${all - missing.length} of ${all}${names}`;
}

function renderCheck(runs: Run[]): string {
  const results = runs.map(({ checked }) => checked);
  if (results.includes(undefined)) return "none";
  return results.every((ok) => ok === true) ? "passed" : "**failed**";
}

function leaks(run: Run): boolean {
  return run.leaks;
}

function median(runs: Run[], figure: "captureSeconds" | "storedBytes"): number {
  const sorted = runs.map((run) => run[figure]).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
