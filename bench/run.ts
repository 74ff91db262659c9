import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { changeDatabases } from "./change.ts";
import { bytesBelow, measure } from "./measure.ts";
import type { Command } from "./measure.ts";
import { renderTable } from "./report.ts";
import type { Failure, Result } from "./report.ts";
import { makeSample } from "./sample.ts";
import { findTools } from "./tools.ts";
import type { Place, Tool } from "./tools.ts";

const HELP = `Clawback, restic, borg and openclaw's own backup side by side on the same files.

  node bench/run.ts [--dir DIR] [--scale 0.05] [--only clawback,restic] [--phases first,unchanged]

  --dir     where sample, repositories and restored files go (default: in the temporary folder;
            a folder on a tmpfs leaves the disk out)
  --scale   1 is 1.9 GB in 20,000 files
  --only    tools whose names begin with one of these
  --phases  some of: first, unchanged, recent, scattered, restore, check

Peers: what the system has, and what lies in .peers or $CLAWBACK_PEERS.
`;
const PHASES = ["first", "unchanged", "recent", "scattered", "restore", "check"] as const;
type Phase = (typeof PHASES)[number];
/** Files rest a while before they are backed up, as they mostly do: what is seconds old is read twice as carefully. */
const REST_MS = 3000;
const BASELINE = "restic 0.14";
const RESULTS = resolve(import.meta.dirname, "results");

interface Runner {
  tool: Tool;
  place: Place;
  failed: boolean;
}

const { values } = parseArgs({
  options: {
    dir: { type: "string", default: join(tmpdir(), "clawback-bench") },
    scale: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    phases: { type: "string", default: PHASES.join(",") },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await main(resolve(values.dir), Number(values.scale));

async function main(dir: string, scale: number): Promise<void> {
  const chosen = values.phases.split(",");
  const phases = PHASES.filter((phase) => phase === "first" || chosen.includes(phase));
  const home = prepareHome(dir, scale);
  const runners = findTools()
    .filter(isWanted)
    .map((tool) => prepare(tool, dir, home));
  const results: (Result | Failure)[] = [];
  await sleep(REST_MS);
  for (const phase of phases) {
    if (phase === "recent" || phase === "scattered") {
      changeDatabases(join(home, ".openclaw"), phase);
      await sleep(REST_MS);
    }
    for (const runner of runners.filter(({ failed }) => !failed)) {
      const result = await runPhase(runner, phase);
      if (result === undefined) continue;
      runner.failed = "failed" in result;
      results.push(result);
      process.stderr.write(`${"failed" in result ? result.failed : renderLine(result)}\n`);
    }
  }
  process.stdout.write(`${renderTable(results, BASELINE)}\n`);
  keep({ scale, cpus: cpus().length, memory: totalmem(), node: process.version, results });
  rmSync(join(dir, "run"), { recursive: true, force: true });
  if (runners.some(({ failed }) => failed)) process.exitCode = 1;
}

/** A copy of the sample that the phases may change. */
function prepareHome(dir: string, scale: number): string {
  const sample = makeSample(join(dir, `sample-${scale}`), scale);
  rmSync(join(dir, "run"), { recursive: true, force: true });
  const home = join(dir, "run/home");
  cpSync(sample, home, { recursive: true });
  return home;
}

function isWanted({ name }: Tool): boolean {
  return values.only.split(",").some((prefix) => name.startsWith(prefix));
}

function prepare(tool: Tool, dir: string, home: string): Runner {
  const own = join(dir, "run", tool.name.replaceAll(" ", "-"));
  const passwordFile = join(own, "password");
  mkdirSync(join(own, "tmp"), { recursive: true });
  mkdirSync(join(own, tool.repository));
  writeFileSync(passwordFile, "bench\n", { mode: 0o600 });
  return { tool, place: { dir: own, home, passwordFile }, failed: false };
}

async function runPhase(runner: Runner, phase: Phase): Promise<Result | Failure | undefined> {
  const { tool, place } = runner;
  const repository = join(place.dir, tool.repository);
  const target = join(place.dir, "restored");
  try {
    if (phase === "first" && tool.init) await measure(tool.init(place), place.dir);
    if (phase === "restore") mkdirSync(target);
    const command = commandOf(runner, phase, target);
    if (command === undefined) return undefined;
    const before = bytesBelow(repository);
    const cost = await measure(command, place.dir);
    const storedBytes = bytesBelow(repository) - before;
    return { phase, tool: tool.name, ...cost, storedBytes };
  } catch (error) {
    return { phase, tool: tool.name, failed: error instanceof Error ? error.message : "?" };
  } finally {
    if (existsSync(target)) rmSync(target, { recursive: true });
  }
}

function commandOf({ tool, place }: Runner, phase: Phase, target: string): Command | undefined {
  if (phase === "restore") return tool.restore?.(place, target);
  if (phase === "check") return tool.check?.(place);
  return tool.backup(place);
}

function renderLine({ phase, tool, wallSeconds }: Result): string {
  return `${phase}, ${tool}: ${wallSeconds.toFixed(1)} s`;
}

function keep(run: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const name = new Date().toISOString().replaceAll(":", "-");
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(run, null, 2)}\n`);
}
