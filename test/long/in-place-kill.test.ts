import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scenes } from "../in-place/scenes.ts";
import { restoreKilled, TwoStates } from "../in-place/killing.ts";

const scene = scenes();
const RANDOM_MOMENTS = 100;
/** From the beginning of the build to the end of a restore of this size, on a slow machine. */
const LASTS_MS = 4000;
const TIMEOUT_MS = 3_600_000;

test(
  "killed at every step of the journal, and at random moments: wholly old or wholly new, and undo works",
  { timeout: TIMEOUT_MS },
  async () => {
    const { house } = scene();
    const elsewhere = join("/dev/shm", `clawback-in-place-kill-${process.pid}`);
    await mkdir(elsewhere);
    try {
      await writeFile(join(elsewhere, "SOUL.md"), "who I am");
      const config = JSON.parse(await readFile(house.state("openclaw.json"), "utf8"));
      config.agents.entries.clawd.workspace = elsewhere;
      await writeFile(house.state("openclaw.json"), JSON.stringify(config));
      await house.write("npm/plugin/index.js", "installed");
      await scene().backup();
      await house.write("workspace/later.md", "later");
      await writeFile(join(elsewhere, "SOUL.md"), "somebody else");
      const states = await TwoStates.of(house, [house.stateDir, elsewhere]);
      const steps = restoreKilled(house, "never") ?? 0;
      expect(await states.judge("not killed")).toBe("after");
      const came = { before: 0, after: 0 };
      for (let step = 1; step <= steps; step++) {
        restoreKilled(house, String(step));
        came[await states.judge(`killed at step ${step} of ${steps}`)] += 1;
      }
      expect(came.before).toBeGreaterThan(0);
      expect(came.after).toBeGreaterThan(0);
      for (let i = 0; i < RANDOM_MOMENTS; i++) {
        const moment = Math.round(Math.random() * LASTS_MS);
        restoreKilled(house, "at", String(moment));
        await states.judge(`killed after ${moment} ms`);
      }
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  },
);
