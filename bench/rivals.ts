import { parseArgs } from "node:util";
import { runRival } from "./rivals/run.ts";
import type { Run } from "./rivals/run.ts";
import { Scene } from "./rivals/scene.ts";
import { renderTable } from "./rivals/table.ts";
import { findRivals } from "./rivals/tools.ts";
import type { Rival } from "./rivals/tools.ts";

const HELP = `What Clawback, openclaw's own backup, restic and tar bring back of one real OpenClaw.

  node bench/rivals.ts [--runs 3] [--only clawback,tar]

An instance is onboarded, spread over the machine as people have it, and kept busy. Each tool is
told of its state directory and backs it up; what it made is unpacked and looked into, files by
their hashes, databases by their rows. Prints a Markdown table on stdout, the tools' complaints on
stderr. Takes about five minutes. Peers: what the system has, and what lies in .peers or
$CLAWBACK_PEERS (see test/peers/install.sh).
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await main(Number(values.runs), values.only.split(","));

async function main(times: number, only: string[]): Promise<void> {
  const rivals = findRivals().filter(({ name }) => only.some((begin) => name.startsWith(begin)));
  await using scene = await Scene.create();
  const runs: Run[] = [];
  for (const rival of rivals) {
    for (let time = 0; time < times; time += 1) runs.push(await report(rival, scene));
  }
  const brokenRuns: Run[] = [];
  for (const rival of rivals) {
    await scene.breakConfig();
    brokenRuns.push(await report(rival, scene));
  }
  process.stdout.write(`${renderTable(runs, brokenRuns)}\n`);
}

async function report(rival: Rival, scene: Scene): Promise<Run> {
  const run = await runRival(rival, scene);
  process.stderr.write(`${rival.name}: ${run.captureSeconds.toFixed(1)} s\n`);
  for (const complaint of run.complaints) process.stderr.write(`  ${complaint}\n`);
  return run;
}
