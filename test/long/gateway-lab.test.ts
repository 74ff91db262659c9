import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { healthOf } from "../../src/gateway/health.ts";
import { occupantsOf } from "../../src/gateway/occupants.ts";
import { anyLives } from "../../src/gateway/process-table.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import { withGatewayStopped } from "../../src/gateway/with-gateway-stopped.ts";
import { withGatewaySuspended } from "../../src/gateway/with-gateway-suspended.ts";
import { findInstance } from "../../src/openclaw/find-instance.ts";
import type { Instance } from "../../src/openclaw/find-instance.ts";
import type { Surroundings } from "../../src/openclaw/user-paths.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { processTree, signalAll, waitUntilGone } from "../lab/processes.ts";
import { openclaw } from "../peers/peers.ts";

const TIMEOUT_MS = 300_000;
const STOPPING = resolve(import.meta.dirname, "../gateway/stopping.ts");
/** In CI a missing OpenClaw is a failure (of `OpenClawLab.create`), elsewhere these are skipped. */
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "with the real OpenClaw (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let surroundings: Surroundings;
    let instance: Instance;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      surroundings = { env: lab.env, home: lab.home, platform: process.platform };
      instance = await findInstance(surroundings);
      await lab.start();
    }, TIMEOUT_MS);

    afterAll(async () => {
      if (lab === undefined) return;
      // It was started again by Clawback: the lab does not know its processes.
      await endGateway();
      await lab[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    async function running(): Promise<GatewayControl> {
      const control = await findGateway(instance, surroundings);
      if (control === undefined) throw new Error("no gateway runs");
      return control;
    }

    async function endGateway(): Promise<void> {
      const control = await findGateway(instance, surroundings);
      if (control === undefined) return;
      const recipe = control.recipe();
      const trees = await Promise.all(recipe.processes.map(({ pid }) => processTree(pid)));
      signalAll(trees.flat(), "SIGKILL");
      await waitUntilGone(trees.flat(), 10_000);
    }

    test("is stopped for the work, and answers a turn afterwards", async () => {
      const control = await running();
      expect(control).toMatchObject({ kind: "process", port: lab.port, notes: [] });
      const { trouble, downtimeMs } = await withGatewayStopped(control, {}, async () => {
        expect(await anyLives(control.recipe().processes)).toBe(false);
        expect(await findGateway(instance, surroundings)).toBeUndefined();
      });
      expect(trouble).toBeUndefined();
      expect(downtimeMs).toBeGreaterThan(0);
      expect(await lab.isReady()).toBe(true);
      await lab.turn("Are you back?");
    });

    test("is back after SIGKILL of the process that had stopped it", async () => {
      const before = await running();
      const run = spawn(process.execPath, [STOPPING, lab.home], {
        env: lab.env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(run.stdout, "data");
      expect(await anyLives(before.recipe().processes)).toBe(false);
      run.kill("SIGKILL");
      const end = Date.now() + 120_000;
      while (!(await lab.isReady()) && Date.now() < end) await delay(200);
      expect((await running()).gateway?.pid).not.toBe(before.gateway?.pid);
      await lab.turn("Are you still there?");
    });

    test("is down for a replacement: nobody is at work in its state, twice, and it is well", async () => {
      const control = await running();
      const occupants = async (): Promise<number[]> =>
        (await occupantsOf([lab.stateDir])).occupants.map(({ pid }) => pid);
      expect(await occupants()).toContain(control.gateway?.pid);
      const options = { journalDir: join(lab.root, "journal"), bars: [] };
      const { trouble } = await withGatewayDown(control, options, async (gateway) => {
        expect(await occupants()).toEqual([]);
        await gateway.start();
        expect(await healthOf(instance, surroundings)).toMatchObject({ ok: true });
        expect(await occupants()).not.toEqual([]);
        await gateway.stop();
        expect(await occupants()).toEqual([]);
      });
      expect(trouble).toBeUndefined();
      expect(await healthOf(instance, surroundings)).toMatchObject({ ok: true });
      await lab.turn("Did you notice?");
    });

    test("is suspended for the work, and takes turns afterwards", async () => {
      const control = await running();
      const options = { instance, surroundings, waitSeconds: 30 };
      const { trouble, outlived, suspendedMs } = await withGatewaySuspended(
        control,
        options,
        async () => {
          expect(await lab.isReady(), "it takes no new work").toBe(false);
          await delay(1_000);
        },
      );
      expect({ trouble, outlived }).toEqual({ trouble: undefined, outlived: false });
      expect(suspendedMs).toBeGreaterThanOrEqual(1_000);
      expect(await lab.isReady()).toBe(true);
      await lab.turn("And now?");
    });

    test("goes on when the work fails under a suspension", async () => {
      const failing = withGatewaySuspended(await running(), { instance, surroundings }, () => {
        return Promise.reject(new Error("no room"));
      });
      await expect(failing).rejects.toThrow("no room");
      expect(await lab.isReady()).toBe(true);
    });

    test("a second suspension is refused, and nothing done", async () => {
      const control = await running();
      const options = { instance, surroundings, waitSeconds: 0 };
      await withGatewaySuspended(control, options, async () => {
        const second = withGatewaySuspended(control, options, () => {
          return Promise.reject(new Error("must not run"));
        });
        await expect(second).rejects.toMatchObject({
          code: "E_GATEWAY",
          message: expect.stringContaining("already prepared"),
        });
      });
      expect(await lab.isReady()).toBe(true);
    });

    test("without a launcher its command line is only a title, and it is started all the same", async () => {
      await endGateway();
      delete lab.env["NODE_COMPILE_CACHE"];
      await lab.start();
      const control = await running();
      expect(control.notes.join()).toContain(`gateway run --port ${lab.port}`);
      const { trouble } = await withGatewayStopped(control, {}, async () => {});
      expect(trouble).toBeUndefined();
      expect(await lab.isReady()).toBe(true);
    });
  },
);
