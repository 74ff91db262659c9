import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openclaw } from "../peers/peers.ts";
import { LabClawback } from "../lab/clawback.ts";
import { fingerprint } from "../lab/fingerprint.ts";
import { furnish, KEY_FILES, teachSkill } from "../lab/furnish.ts";
import type { Furniture } from "../lab/furnish.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";

const TIMEOUT_MS = 300_000;
const MODEL_KEY = "a-key-out-of-a-file";
/** In CI a missing OpenClaw is a failure (of `OpenClawLab.create`), elsewhere these are skipped. */
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "a real OpenClaw whose parts lie all over the machine (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let furniture: Furniture;
    let clawback: LabClawback;
    let before: Map<string, Map<string, string>>;
    let backup: Record<string, unknown>;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      furniture = await furnish(lab, { model: MODEL_KEY });
      await lab.start();
      await lab.addCron("greet", { command: furniture.script });
      await teachSkill(lab, furniture);
      await lab.turn("My cat is called Miso.");
      await lab.turn("The gate is the weak spot.", { agent: "ops" });
      clawback = await LabClawback.create(lab);
      before = await fingerprints();
      backup = await clawback.run(["backup"]);
      await lab.stop();
    }, TIMEOUT_MS);

    afterAll(async () => {
      await clawback?.[Symbol.asyncDispose]();
      await lab?.[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    test("the backup taken while it runs is complete", () => {
      expect(backup).toMatchObject({ snapshot: { complete: true }, errors: [], warnings: [] });
    });

    describe("after all of it was lost and put back from a snapshot", () => {
      beforeAll(async () => {
        for (const place of furniture.places) await rm(place, { recursive: true });
        await clawback.restore("machine");
        for (const place of furniture.places) {
          await mkdir(dirname(place), { recursive: true });
          await cp(join(clawback.root, "machine", place), place, COPY);
        }
      }, TIMEOUT_MS);

      test("every file outside the state directory is what it was", async () => {
        for (const path of furniture.outside) {
          const after = await fingerprint(path);
          expect(after, path).toEqual(before.get(path));
          expect(after.size, path).toBeGreaterThan(0);
        }
      });

      test("the WhatsApp account is whole", async () => {
        const account = await fingerprint(furniture.whatsapp);
        expect(account).toEqual(before.get(furniture.whatsapp));
        expect(account.size).toBe(KEY_FILES + 1);
      });

      test("OpenClaw finds the configuration valid", async () => {
        const validated = await lab.run(["config", "validate", "--json"]);
        expect(JSON.parse(validated)).toMatchObject({ valid: true });
      });

      describe("and the gateway, with its token out of the secret's file, was started", () => {
        beforeAll(() => lab.start(), TIMEOUT_MS);

        test("both agents are there, one with what the included file says", async () => {
          const agents = JSON.parse(await lab.run(["agents", "list", "--json"])) as object[];
          const [home, volume] = furniture.places;
          expect(agents).toMatchObject([
            { id: "clawd", workspace: join(home, "brain") },
            { id: "ops", identityName: "Night watch", agentDir: join(volume, "ops-agent") },
          ]);
        });

        test("both agents know their sessions", async () => {
          const keys = (await lab.sessions()).map(({ key }) => key);
          expect(keys).toEqual(expect.arrayContaining(["agent:clawd:main", "agent:ops:main"]));
        });

        test("the cron job is listed, and its scripts run", async () => {
          const job = (await lab.crons()).find(({ name }) => name === "greet");
          await rm(furniture.greetings.path, { force: true });
          await lab.run(["cron", "run", job?.id ?? "", "--wait", "--wait-timeout", "60s"]);
          const greeted = await readFile(furniture.greetings.path, "utf8");
          expect(greeted).toBe(`${furniture.greetings.line}\n`);
        });

        test("skills behind links and those of an external agentDir are offered", async () => {
          expect(await skills("clawd")).toEqual(expect.arrayContaining(["heron", "tides"]));
          expect(await skills("ops")).toContain("night-rounds");
        });

        test("F4: links to what plugins bring were left out, and are made anew", async () => {
          const path = join(lab.stateDir, "plugin-skills");
          const left = (backup["excluded"] as { path: string }[]).map((entry) => entry.path);
          expect(left).toContain(path);
          expect(existsSync(join(clawback.root, "machine", path))).toBe(false);
          expect(before.get(path)?.get("lamp")).toContain(furniture.plugin);
          expect(await skills("clawd")).toContain("lamp");
          expect(await fingerprint(path)).toEqual(before.get(path));
        });

        test("a turn is answered, with the key out of the secret's file", async () => {
          lab.model.keys.clear();
          await lab.turn("What is my cat called?");
          expect([...lab.model.keys]).toEqual([MODEL_KEY]);
        });
      });
    });

    async function skills(agent: string): Promise<string[]> {
      const listed = await lab.run(["skills", "list", "--json", "--agent", agent]);
      const found = (JSON.parse(listed) as { skills: { name: string; eligible: boolean }[] })
        .skills;
      return found.filter(({ eligible }) => eligible).map(({ name }) => name);
    }

    async function fingerprints(): Promise<Map<string, Map<string, string>>> {
      const generated = join(lab.stateDir, "plugin-skills");
      const paths = [...furniture.outside, furniture.whatsapp, generated];
      const entries = paths.map(async (path) => [path, await fingerprint(path)] as const);
      return new Map(await Promise.all(entries));
    }
  },
);

const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
