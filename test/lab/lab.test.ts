import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LabClawback } from "./clawback.ts";
import { openclaw } from "../peers/peers.ts";
import { fingerprint } from "./fingerprint.ts";
import { OpenClawLab } from "./openclaw-lab.ts";
import type { Rows } from "./rows.ts";
import {
  agentDatabase,
  databases,
  findings,
  readRestoredRows,
  readRows,
  stateDatabase,
} from "./rows.ts";

const TIMEOUT_MS = 300_000;
/** In CI a missing OpenClaw is a failure (of `OpenClawLab.create`), elsewhere these are skipped. */
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "with the real OpenClaw (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let clawback: LabClawback;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      await lab.start();
      await lab.addCron("good-morning", { message: "Say good morning." });
      await lab.addCron("tidy-up", { command: "/bin/true" });
      for (const message of ["My cat is called Miso.", "I live in Porto.", "Remember both."]) {
        await lab.turn(message);
      }
      clawback = await LabClawback.create(lab);
    }, TIMEOUT_MS);

    afterAll(async () => {
      await clawback?.[Symbol.asyncDispose]();
      await lab?.[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    describe("a backup taken while the agent answers", () => {
      let before: Rows;
      let after: Rows;
      let restored: string;

      beforeAll(async () => {
        before = readRows(lab.stateDir);
        let ended = false;
        const backup = clawback.run(["backup"]).finally(() => {
          ended = true;
        });
        const turns = async (): Promise<void> => {
          do await lab.turn("And what else?", { sessionKey: "agent:clawd:busy" });
          while (!ended);
        };
        await Promise.all([backup, turns()]);
        after = readRows(lab.stateDir);
        restored = await clawback.restore("live");
      }, TIMEOUT_MS);

      test("there was something to lose, and more came while it ran", () => {
        const jobs = [...before.cronJobs.values()].join();
        expect(jobs).toContain("good-morning");
        expect(jobs).toContain("tidy-up");
        expect([...before.events.values()].join()).toContain("Miso");
        expect(after.events.size).toBeGreaterThan(before.events.size);
      });

      test("holds every row committed before it began, and none that never was", () => {
        const rows = readRestoredRows(restored);
        for (const table of ["events", "sessions", "cronJobs"] as const) {
          expect([...rows[table]]).toEqual(expect.arrayContaining([...before[table]]));
          expect([...after[table]]).toEqual(expect.arrayContaining([...rows[table]]));
        }
      });

      test("every database in it is sound and stands alone", async () => {
        const paths = await databases(restored);
        expect(paths).toContain(stateDatabase(restored));
        expect(paths).toContain(agentDatabase(restored));
        for (const path of paths) expect(findings(path), path).toEqual([]);
      });

      test("OpenClaw accepts its configuration and its databases", async () => {
        const env = lab.copyEnv(restored);
        const agent = ["preflight-agent", agentDatabase(restored), "--agent-id", "clawd"];
        const validated = await lab.run(["config", "validate", "--json"], env);
        expect(JSON.parse(validated)).toMatchObject({ valid: true });
        await lab.run(["database", "preflight", stateDatabase(restored), "--json"], env);
        await lab.run(["database", ...agent, "--json"], env);
      });
    });

    describe("with the gateway dead", () => {
      test("after a clean stop: a backup changes nothing, and all comes back", async () => {
        await lab.stop();
        await expectUntouchedAndWhole("stopped");
      });

      test("OpenClaw lists the sessions of a restored copy and leaves the instance alone", async () => {
        const source = await fingerprint(lab.home);
        const restored = await clawback.restore("listed");
        const listed = await lab.sessions(lab.copyEnv(restored));
        expect(listed.map(({ key }) => key)).toContain("agent:clawd:main");
        expect(await fingerprint(lab.home)).toEqual(source);
      });

      test("after SIGKILL: a backup changes nothing, and all comes back", async () => {
        await lab.start();
        await lab.turn("Remember the red bicycle.");
        await lab.kill();
        const rows = await expectUntouchedAndWhole("killed");
        expect([...rows.events.values()].join()).toContain("red bicycle");
      });

      async function expectUntouchedAndWhole(name: string): Promise<Rows> {
        const source = await fingerprint(lab.home);
        await clawback.run(["backup"]);
        expect(await fingerprint(lab.home)).toEqual(source);

        // SQLite recovers the log of a dead writer when it opens it: never in the source itself.
        const copy = join(clawback.root, `${name}-source`);
        await cp(lab.stateDir, copy, { recursive: true });
        const rows = readRestoredRows(await clawback.restore(name));
        expect(rows).toEqual(readRows(copy));
        return rows;
      }
    });
  },
);
