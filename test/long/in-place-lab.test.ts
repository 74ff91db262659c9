import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LabClawback } from "../lab/clawback.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { processTree, signalAll, waitUntilGone } from "../lab/processes.ts";
import { openclaw } from "../peers/peers.ts";

const TIMEOUT_MS = 300_000;
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

/** Of the whole `--json` document, what is looked at here. */
interface Done {
  downtime: number | null;
  warnings: string[];
  gateway: object | null;
  changes: { kept: { paths: string[] }; removed: { paths: string[] } };
}

describe.skipIf(skipped)(
  "a restore in place of a real OpenClaw that runs (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let clawback: LabClawback;
    const keys = async () => (await lab.sessions()).map(({ key }) => key).toSorted();
    const crons = async () => (await lab.crons()).map(({ name }) => name).toSorted();
    const run = async (...args: string[]) =>
      (await clawback.run([...args, "--yes"])) as unknown as Done;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      await lab.start();
      await lab.addCron("morning", { message: "Good morning." });
      await lab.turn("My cat is called Miso.");
      clawback = await LabClawback.create(lab);
      await clawback.run(["backup"]);
    }, TIMEOUT_MS);

    afterAll(async () => {
      if (lab !== undefined) await stopGateway(lab);
      await clawback?.[Symbol.asyncDispose]();
      await lab?.[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    test("brings back the sessions and jobs of then, a turn works, and undo brings back what came later", async () => {
      const then = { keys: await keys(), crons: await crons() };
      await lab.addCron("later", { message: "Late." });
      await lab.turn("My dog is called Rex.", { sessionKey: "agent:clawd:later" });
      await writeFile(join(lab.stateDir, "workspace/later.md"), "later\n");
      const later = { keys: await keys(), crons: await crons() };
      expect(later.crons).not.toEqual(then.crons);
      expect(later.keys).not.toEqual(then.keys);

      const done = await run("restore", "--in-place");
      expect(done.gateway).not.toBeNull();
      expect(done.downtime).toBeGreaterThan(0);
      expect(existsSync(join(lab.stateDir, "workspace/later.md"))).toBe(false);
      expect(await crons()).toEqual(then.crons);
      expect(await keys()).toEqual(then.keys);
      await lab.turn("And again: what is my cat called?");

      await run("undo");
      expect(existsSync(join(lab.stateDir, "workspace/later.md"))).toBe(true);
      expect(await crons()).toEqual(later.crons);
      expect(await keys()).toEqual(later.keys);
      await lab.turn("What is my dog called?");

      await run("undo");
      expect(await crons()).toEqual(then.crons);
      await run("undo", "--discard");
      const beside = await readdir(dirname(lab.stateDir));
      expect(beside.filter((name) => name.startsWith(".clawback"))).toEqual([]);
    });

    test("killed while the gateway is down: it comes back to one of the two states, and a turn works", async () => {
      const then = await crons();
      await lab.addCron("after", { message: "Later still." });
      const later = await crons();
      const killed = clawback.run(["restore", "--in-place", "--yes"], {
        meanwhile: (child) => void killWhenDown(lab, child),
      });
      await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
      await clawback.run(["snapshots"]);
      while (!(await lab.isReady())) await delay(100);
      expect([then, later]).toContainEqual(await crons());
      await lab.turn("Are you there?");
    });
  },
);

/** As in a power cut, once the gateway has let go of its port. */
async function killWhenDown(lab: OpenClawLab, child: ChildProcess): Promise<void> {
  while (await lab.isReady()) await delay(20);
  child.kill("SIGKILL");
}

/** The one that the restore has started is not the lab's own process. */
async function stopGateway(lab: OpenClawLab): Promise<void> {
  const lock = join(lab.stateDir, `tmp/openclaw-${process.getuid?.() ?? 0}/gateway.state.lock`);
  const text = await readFile(lock, "utf8").catch(() => "{}");
  const { pid } = JSON.parse(text) as { pid?: number };
  if (pid === undefined) return;
  const tree = await processTree(pid);
  signalAll(tree, "SIGTERM");
  await waitUntilGone(tree, 60_000);
}
