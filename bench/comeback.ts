/**
 * How long an agent is away: from `rm -rf` of a real OpenClaw's state, grown to 2 GB, to a gateway
 * that answers, by `clawback restore --in-place`.
 *
 * node bench/comeback.ts [--dir <dir>] [--scale <n>]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LabClawback } from "../test/lab/clawback.ts";
import { OpenClawLab } from "../test/lab/openclaw-lab.ts";
import { bytesBelow } from "./measure.ts";
import { makeSample } from "./sample.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string", default: join(tmpdir(), "clawback-bench") },
    scale: { type: "string", default: "1" },
  },
});

/** Where parts of the made-up state go in a real one: the gateway must not take the databases for its own. */
const PARTS: readonly (readonly [from: string, to: string])[] = [
  ["agents", "workspace/archive"],
  ["workspace/memory", "workspace/memory/old"],
  ["credentials/whatsapp", "credentials/whatsapp"],
  ["media", "media"],
];

function grow(stateDir: string, sample: string): void {
  for (const [from, to] of PARTS) {
    mkdirSync(join(stateDir, to), { recursive: true });
    const { status, stderr } = spawnSync("cp", [
      "-a",
      join(sample, ".openclaw", from, "."),
      join(stateDir, to),
    ]);
    if (status !== 0) throw new Error(String(stderr));
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  process.stdout.write(`${what.padEnd(44)}${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  return result;
}

await using lab = await OpenClawLab.create();
await lab.start();
await lab.turn("My cat is called Miso.");
await lab.stop();
grow(lab.stateDir, makeSample(join(values.dir, "sample"), Number(values.scale)));
process.stdout.write(`${(bytesBelow(lab.stateDir) / 1e9).toFixed(2)} GB of state\n`);
await using clawback = await LabClawback.create(lab);
await timed("backup", () => clawback.run(["backup"]));
rmSync(lab.stateDir, { recursive: true });
await timed("from nothing to a gateway that answers", async () => {
  await timed("  restore --in-place", () => clawback.run(["restore", "--in-place", "--yes"]));
  await timed("  openclaw gateway run, until it is ready", () => lab.start());
});
const keys = (await lab.sessions()).map(({ key }) => key);
if (!keys.includes("agent:clawd:main")) throw new Error(`its session is gone: ${keys.join(", ")}`);
