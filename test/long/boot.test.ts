/**
 * F25 with the real OpenClaw: a copy boots on the machine, at the paths and on the port of the live
 * gateway that runs there, and the live one never knows.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Manifest } from "../../src/operations/manifest.ts";
import { gatewayProcess } from "../../src/openclaw/gateway.ts";
import type { InstanceCopy } from "../../src/openclaw/instance-copy.ts";
import { openclawAt } from "../../src/sandbox/find-openclaw.ts";
import type { OpenClawProgram } from "../../src/sandbox/find-openclaw.ts";
import { isolationHere } from "../../src/sandbox/isolation.ts";
import type { Isolation } from "../../src/sandbox/isolation.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { BootEvidence } from "../../src/sandbox/sandbox.ts";
import { LabClawback } from "../lab/clawback.ts";
import { fingerprint } from "../lab/fingerprint.ts";
import { furnish } from "../lab/furnish.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { processTree, signalAll } from "../lab/processes.ts";
import { openclaw } from "../peers/peers.ts";

const TIMEOUT_MS = 600_000;
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";
const here = await isolationHere();

describe.skipIf(skipped)(
  "with the real OpenClaw (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let clawback: LabClawback;
    let program: OpenClawProgram;
    let copy: InstanceCopy;
    let scratch: string;
    let manifest: Manifest;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      await furnish(lab, { model: "a-key-for-the-model" });
      await lab.start();
      await lab.addCron("good-morning", { message: "Say good morning." });
      await lab.addCron("tidy-up", { command: `touch ${lab.home}/tidied` });
      await lab.turn("My cat is called Miso.");
      await lab.turn("What do you see?", { agent: "ops" });
      clawback = await LabClawback.create(lab);
      await clawback.backupAndRestore("copy");
      const target = join(clawback.root, "copy");
      const text = await readFile(join(target, ".clawback/manifest.json"), "utf8");
      manifest = JSON.parse(text) as Manifest;
      copy = copyAt(target, manifest);
      scratch = await mkdtemp(join(tmpdir(), "clawback-boot-"));
      program = (await openclawAt(openclaw.program ?? "")) as OpenClawProgram;
    }, TIMEOUT_MS);

    afterAll(async () => {
      await rm(scratch, { recursive: true, force: true });
      await clawback?.[Symbol.asyncDispose]();
      await lab?.[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    const open = (isolation: Isolation, of = copy): Promise<Sandbox> => {
      const { signal } = new AbortController();
      return Sandbox.open({ copy: of, openclaw: program, isolation, scratch, signal });
    };

    /**
     * Does something while the live gateway is frozen, so that whatever changes of its files is
     * somebody else's doing; then it must still be there.
     */
    async function unnoticed(work: () => Promise<void>): Promise<void> {
      const gateway = await gatewayProcess({ realStateDir: lab.stateDir });
      const tree = await processTree(gateway?.pid ?? 0);
      const { chats } = lab.model;
      signalAll(tree, "SIGSTOP");
      try {
        const before = await fingerprint(lab.root);
        await work();
        expect(await fingerprint(lab.root)).toEqual(before);
      } finally {
        signalAll(tree, "SIGCONT");
      }
      expect(await lab.isReady()).toBe(true);
      expect(lab.model.chats).toBe(chats);
    }

    test("F25: the copy boots beside the live gateway, which never knows", async () => {
      const copied = await fingerprint(join(clawback.root, "copy"));
      await using sandbox = await open(here);
      let evidence: BootEvidence | undefined;
      await unnoticed(async () => {
        evidence = await sandbox.boot();
      });
      expect(evidence).toMatchObject({
        isolation: "namespaces",
        sessions: manifest.counts["sessions"],
        crons: manifest.counts["cronJobs"],
        turn: { ok: true, agent: "clawd" },
        stopped: true,
        notLoaded: [],
        problems: [],
      });
      expect(evidence?.log).toContain("[gateway] ready");
      expect(sandbox.pristine).toBe(true);
      expect(await fingerprint(join(clawback.root, "copy"))).toEqual(copied);
    });

    test("commands without a gateway find the copy as it was, whatever one wrote", async () => {
      const copied = await fingerprint(join(clawback.root, "copy"));
      await using sandbox = await open(here);
      const commands = [
        ["config", "validate", "--json"],
        ["database", "preflight", join(copy.stateDir, "state/openclaw.sqlite")],
        ["sessions", "list", "--all-agents", "--json"],
      ];
      for (const words of commands) {
        const { code, stderr } = await sandbox.run(words, { timeoutMs: 120_000 });
        expect(`${words.join(" ")}: ${code} ${stderr}`).toMatch(/: 0 /);
      }
      expect(await fingerprint(join(clawback.root, "copy"))).toEqual(copied);
    });

    test("a provider far away is stood in for; a plugin that is gone is named", async () => {
      const target = join(clawback.root, "changed");
      await cp(join(clawback.root, "copy"), target, { recursive: true, verbatimSymlinks: true });
      const changed = copyAt(target, manifest);
      await rm(changed.at(join(lab.home, "plugins/lighthouse")), { recursive: true });
      const path = changed.at(join(lab.stateDir, "openclaw.json"));
      const config = (await readFile(path, "utf8")).replace(
        lab.model.baseUrl,
        "https://models.example/v1",
      );
      await writeFile(path, config);
      await using sandbox = await open(here, changed);
      const evidence = await sandbox.boot();
      expect(evidence).toMatchObject({
        turn: { ok: true },
        notLoaded: ["lighthouse"],
        stopped: true,
        problems: [],
      });
      expect(evidence.notes.join("\n")).toContain("a stand-in for the model was added");
    });

    test("F25: without namespaces it gets other paths and another port, and the live one never knows", async () => {
      await using sandbox = await open({ kind: "none", why: "to see what happens" });
      let evidence: BootEvidence | undefined;
      await unnoticed(async () => {
        evidence = await sandbox.boot();
      });
      expect(evidence).toMatchObject({
        isolation: "rewritten",
        sessions: manifest.counts["sessions"],
        crons: manifest.counts["cronJobs"],
        turn: { ok: true, agent: "clawd" },
        stopped: true,
        problems: [],
      });
    });
  },
);

function copyAt(target: string, { instance, roots }: Manifest): InstanceCopy {
  return {
    stateDir: roots[0]?.realPath ?? instance.stateDir,
    configPath: instance.configPath ?? undefined,
    home: instance.home,
    roots,
    at: (path) => join(target, path),
  };
}
