import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { missingPlugins } from "../../src/openclaw/revival/missing-plugins.ts";
import { revive } from "../../src/openclaw/revival/revive.ts";
import { recordedRelease, versionVerdict } from "../../src/openclaw/revival/version-verdict.ts";
import type { InstanceCopy } from "../../src/openclaw/instance-copy.ts";
import { root } from "../fixtures/restored-copy.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { openclaw } from "../peers/peers.ts";

const TIMEOUT_MS = 300_000;
const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
const MESSAGE = ["--message", "Are you there?", "--json"];
const LOG_TAKEN = { what: "a write-ahead log taken into its database", count: 1 };
/** What the gateway says of messages that wait. */
const RECOVERS = "1 pending delivery entries";
const PLAIN = { newIdentity: false, beside: false, keepDeliveries: false };
/** In CI a missing OpenClaw is a failure (of `OpenClawLab.create`), elsewhere these are skipped. */
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "what makes a copy fit to be started, with the real OpenClaw (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let copy: InstanceCopy;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      const { stateDir, home } = lab;
      const configPath = join(stateDir, "openclaw.json");
      const at = (path: string) => path;
      copy = { stateDir, home, configPath, roots: [root("state", stateDir)], at };
      await lab.start();
      await lab.turn("My cat is called Miso.");
      await lab.kill();
      await cp(stateDir, join(lab.root, "kept"), COPY);
    }, TIMEOUT_MS);

    beforeEach(async () => {
      await rm(lab.stateDir, { recursive: true, force: true });
      await cp(join(lab.root, "kept"), lab.stateDir, COPY);
      await writeFile(log(), "");
    }, TIMEOUT_MS);

    afterEach(() => lab.stop(), TIMEOUT_MS);

    afterAll(() => lab?.[Symbol.asyncDispose](), TIMEOUT_MS);

    test("F21: what was only in the log of a killed gateway is there afterwards", async () => {
      expect(existsSync(`${database()}-wal`)).toBe(true);
      const { done } = await fit();
      expect(done).toContainEqual({ ...LOG_TAKEN, path: database() });
      expect(existsSync(`${database()}-wal`)).toBe(false);
      await lab.start();
      await lab.turn("What is my cat called?");
      expect((await lab.sessions()).map(({ key }) => key)).toContain("agent:clawd:main");
    });

    test("F25: with an identity of its own a copy is another device, and works", async () => {
      const device = () => select("SELECT device_id FROM device_identities");
      const before = device();
      expect(before).toHaveLength(1);
      await fit({ newIdentity: true, beside: true });
      expect(device()).toEqual([]);
      await lab.start();
      await lab.turn("Who are you?");
      expect(device()).toHaveLength(1);
      expect(device()).not.toEqual(before);
    });

    test("F26: every message is refused after a rollback that lost the workspace", async () => {
      await rm(join(lab.stateDir, "workspace"), { recursive: true });
      await lab.start();
      const { code, stdout } = await lab.tryRun(["agent", "--agent", "clawd", ...MESSAGE]);
      expect(code).not.toBe(0);
      expect(stdout).toContain("workspace appears to have disappeared");
    });

    test("F26: and answered once the copy was made fit", async () => {
      await rm(join(lab.stateDir, "workspace"), { recursive: true });
      const { told } = await fit();
      expect(told).toMatchObject([{ what: expect.stringContaining("is not there") }]);
      await lab.start();
      await lab.turn("Are you there?");
    });

    test("F26: a workspace that is there stays as it is", async () => {
      const soul = join(lab.stateDir, "workspace/SOUL.md");
      await rm(join(lab.stateDir, "workspace/BOOTSTRAP.md"));
      await writeFile(soul, "A lighthouse keeper.\n");
      await fit();
      await lab.start();
      await lab.turn("Are you there?");
      expect(await readFile(soul, "utf8")).toBe("A lighthouse keeper.\n");
      expect(existsSync(join(lab.stateDir, "workspace/BOOTSTRAP.md"))).toBe(false);
    });

    test("F28: this program may use what it wrote, one before it may not", async () => {
      await fit();
      const [, version = ""] = /(\d{4}\.\S+)/.exec(await lab.run(["--version"])) ?? [];
      expect(await recordedRelease(copy)).toBe(version);
      expect(await versionVerdict(copy, version)).toEqual({ ok: true });
      const older = await versionVerdict(copy, "2026.8.2");
      expect(older).toMatchObject({ ok: false, needs: version });
    });

    test("F29: a plugin whose code is gone comes back by the command that is named", async () => {
      const source = join(lab.root, "lantern");
      await writePlugin(source);
      const install = ["plugins", "install", source, "--force", "--accept-capabilities"];
      await lab.run(install);
      await fit();
      expect(await missingPlugins(copy)).toEqual([]);
      const code = join(lab.stateDir, "extensions/lantern");
      await rm(code, { recursive: true });
      const [missing] = await missingPlugins(copy);
      expect(missing).toMatchObject({ id: "lantern", command: ["openclaw", ...install] });
      await lab.run(missing?.command.slice(1) ?? []);
      expect(existsSync(join(code, "index.js"))).toBe(true);
      expect(await missingPlugins(copy)).toEqual([]);
    });

    test("F31: what was waiting is sent again after a rollback", async () => {
      enqueue();
      await lab.start();
      expect(await readFile(log(), "utf8")).toContain(RECOVERS);
    });

    test("F31: and is not once the copy was made fit", async () => {
      enqueue();
      const { done } = await fit();
      const what = "messages that were waiting put aside, unsent";
      expect(done.find((one) => one.what === what)).toMatchObject({ count: 1 });
      await lab.start();
      await lab.turn("Are you there?");
      expect(await readFile(log(), "utf8")).not.toContain(RECOVERS);
    });

    const fit = (options: Partial<typeof PLAIN> = {}) =>
      revive(copy, { ...PLAIN, ...options, now: new Date() });
    const log = () => join(lab.root, "gateway.log");
    const database = () => join(lab.stateDir, "state/openclaw.sqlite");

    /** A message to somebody, as 2026.9 keeps it until it is sent. */
    function enqueue(): void {
      const [id, at] = ["11111111-1111-4111-8111-111111111111", Date.now()];
      const payloads = [{ text: "The gate is open." }];
      const to = { channel: "telegram", to: "12345" };
      const entry = JSON.stringify({ id, enqueuedAt: at, retryCount: 0, ...to, payloads });
      using opened = new DatabaseSync(database());
      opened
        .prepare(
          `INSERT INTO delivery_queue_entries
             (queue_name, id, status, channel, target, entry_json, enqueued_at, updated_at)
           VALUES ('outbound-prepared-v1', ?, 'pending', 'telegram', '12345', ?, ?, ?)`,
        )
        .run(id, entry, at, at);
    }

    async function writePlugin(directory: string): Promise<void> {
      const configSchema = { type: "object", additionalProperties: false, properties: {} };
      const manifest = { id: "lantern", configSchema };
      const code = `export default { id: "lantern", name: "Lantern", register() {} };\n`;
      const about = { name: "lantern", version: "1.0.0", type: "module" };
      const openclawPart = { openclaw: { extensions: ["./index.js"] } };
      await mkdir(directory);
      await writeFile(
        join(directory, "package.json"),
        JSON.stringify({ ...about, ...openclawPart }),
      );
      await writeFile(join(directory, "openclaw.plugin.json"), JSON.stringify(manifest));
      await writeFile(join(directory, "index.js"), code);
    }

    function select(query: string): Record<string, unknown>[] {
      using opened = new DatabaseSync(database(), { readOnly: true });
      return opened.prepare(query).all();
    }
  },
);
