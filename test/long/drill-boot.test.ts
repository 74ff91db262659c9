/**
 * The real OpenClaw is started from a snapshot while its own gateway runs on the same machine: the
 * verdict, and what of the live instance has changed by it.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { SnapshotDocument } from "../../src/operations/documents.ts";
import type { DrillDocument } from "../../src/operations/drill/document.ts";
import { LabClawback } from "../lab/clawback.ts";
import { furnish, type Furniture } from "../lab/furnish.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { openclaw, peerTest } from "../peers/peers.ts";

const STAND_IN = "The stand-in for the model has answered.";

let lab: OpenClawLab | undefined;
let clawback: LabClawback | undefined;
let furniture: Furniture;

beforeAll(async () => {
  if (openclaw.program === undefined) return;
  lab = await OpenClawLab.create();
  furniture = await furnish(lab, { model: "not-a-secret" });
  await lab.start();
  await lab.turn("hello");
  await lab.turn("hello", { agent: "ops" });
  await lab.addCron("morning", { message: "good morning" });
  await lab.addCron("greet", { command: furniture.script });
  clawback = await LabClawback.create(lab);
  await clawback.run(["backup"]);
});
afterAll(async () => {
  await clawback?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

peerTest(
  "a furnished instance boots from its snapshot, and its live self notices nothing",
  openclaw,
  async () => {
    if (lab === undefined || clawback === undefined) throw new Error("no lab");
    const { places } = furniture;
    const before = {
      files: await resting(places),
      sessions: await lab.sessions(),
      crons: await jobs(lab),
    };
    const result = await drill(["--boot"]);
    expect(result.checks.filter(({ ok }) => ok === false)).toEqual([]);
    expect(result).toMatchObject({ ok: true, level: "boot", verdict: "proven" });
    const turn = result.checks.find(({ name }) => name === "turn");
    expect(turn?.ok).toBe(true);

    expect(await lab.isReady()).toBe(true);
    expect(await resting(places)).toEqual(before.files);
    expect(await jobs(lab)).toEqual(before.crons);
    const keys = (list: { key: string; sessionId?: string }[]) =>
      list.map(({ key, sessionId }) => `${key} ${sessionId}`).sort();
    expect(keys(await lab.sessions())).toEqual(keys(before.sessions));
    expect(await holding(places, STAND_IN)).toEqual([]);

    const [shown] = (await clawback.run(["snapshots"])) as unknown as SnapshotDocument[];
    expect(shown?.proof).toMatchObject({ verdict: "proven", level: "boot" });
  },
  600_000,
);

peerTest(
  "with the live gateway stopped, not one file of the instance differs afterwards",
  openclaw,
  async () => {
    if (lab === undefined || clawback === undefined) throw new Error("no lab");
    await lab.stop();
    await clawback.run(["backup"]);
    const before = await resting(furniture.places, /^$/);
    // Nothing runs that would tell where the program is.
    const PATH = `${join(openclaw.program ?? "", "../../.bin")}:${lab.env["PATH"]}`;
    const result = await drill(["--boot"], { PATH });
    expect(result).toMatchObject({ verdict: "proven", level: "boot" });
    const untouched = result.checks.find(({ name }) => name === "untouched");
    expect(untouched?.evidence).toMatch(/^all \d+ files of the live instance are what they were/);
    expect(await resting(furniture.places, /^$/)).toEqual(before);
  },
  600_000,
);

peerTest(
  "what parses and OpenClaw refuses fails the drill before anything is booted",
  openclaw,
  async () => {
    if (lab === undefined || clawback === undefined) throw new Error("no lab");
    const path = join(lab.stateDir, "openclaw.json");
    const config = JSON.parse(await readFile(path, "utf8")) as { gateway: object };
    config.gateway = { ...config.gateway, port: "not a number" };
    await writeFile(path, JSON.stringify(config));
    await clawback.run(["backup"]);
    const PATH = `${join(openclaw.program ?? "", "../../.bin")}:${lab.env["PATH"]}`;
    const result = await drill(["--boot"], { PATH });
    expect(result).toMatchObject({ verdict: "failed", level: "application", ok: false });
    expect(result.reasons.join()).toContain("`openclaw config validate` refuses");
  },
  600_000,
);

/** Whatever its exit code. */
async function drill(args: string[], env: Record<string, string> = {}): Promise<DrillDocument> {
  return (await clawback?.run(["drill", ...args], {
    env,
    codes: [0, 21],
  })) as unknown as DrillDocument;
}

const OF_GATEWAY = /\.sqlite|\.lock|\/logs\/|\/cache\/|\/tmp\//;

/** The hash of every file but those that a running gateway writes to. */
async function resting(
  places: readonly string[],
  passedBy = OF_GATEWAY,
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const path of await files(places)) {
    if (passedBy.test(path)) continue;
    hashes.set(
      path,
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    );
  }
  return hashes;
}

/** Which jobs there are; the live gateway may run its own heartbeat meanwhile. */
async function jobs(of: OpenClawLab): Promise<string[]> {
  return (await of.crons()).map(({ id, name }) => `${id} ${name}`).sort();
}

/** Files with these words in them. */
async function holding(places: readonly string[], words: string): Promise<string[]> {
  const all = await files(places);
  const found = await Promise.all(
    all.map(async (path) => ((await readFile(path)).includes(words) ? [path] : [])),
  );
  return found.flat();
}

async function files(places: readonly string[]): Promise<string[]> {
  const all = await Promise.all(
    places.map((place) => readdir(place, { recursive: true, withFileTypes: true })),
  );
  return all
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
