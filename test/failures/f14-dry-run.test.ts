import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { chmod, rm, symlink, truncate } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { BackupDocument } from "../../src/operations/documents.ts";
import type { RunOptions } from "../e2e/household.ts";
import { makeLayoutA, makeLayoutB, makeLayoutC } from "../fixtures/instances.ts";
import { scenes, type Scene } from "./scene.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** A file that changed less than this before the last backup is read again: its clock may not have ticked. */
const FRESH_MS = 2500;

/** A dry run, and then a backup: they say the same and end the same, and the first stores nothing. */
async function expectAgreement(
  { house }: Scene,
  words = "",
  options?: RunOptions,
): Promise<number> {
  const before = await house.repositoryFiles();
  const dry = await house.run(`backup --json --dry-run ${words}`, options);
  expect(await house.repositoryFiles()).toEqual(before);
  const real = await house.run(`backup --json ${words}`, options);
  const [planned, taken] = [dry, real].map(({ stdout }) => JSON.parse(stdout) as BackupDocument);
  expect(planned?.snapshot).toBeNull();
  expect(told(planned)).toEqual(told(taken));
  expect(dry.code).toBe(real.code);
  return real.code ?? Number.NaN;
}

/** What of a document is a statement about the source. */
function told(document: BackupDocument | undefined) {
  if (document === undefined) throw new Error("no document");
  const { files, bytes, components, databases, excluded, errors, warnings, damaged } = document;
  const byPath = <T extends { path: string }>(list: T[]) =>
    list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files,
    scanned: bytes.scanned,
    components,
    databases: byPath(databases),
    excluded: byPath(excluded),
    errors: byPath(errors),
    damaged: byPath(damaged),
    warnings: warnings.toSorted(),
  };
}

describe.each([
  ["A", makeLayoutA],
  ["B", makeLayoutB],
  ["C", makeLayoutC],
] as const)("layout %s", (_name, make) => {
  const scene = scenes(make);
  test("F14 a healthy instance: --dry-run and the real run agree, at first and later", async () => {
    const { house } = scene();
    await sleep(FRESH_MS);
    expect(await expectAgreement(scene())).toBe(0);
    await house.write("workspace/MEMORY.md", "# Memory\nSomething else.\n");
    await house.write("workspace/new.md", "new");
    await rm(house.state("workspace/SOUL.md"));
    expect(await expectAgreement(scene())).toBe(0);
    expect(await expectAgreement(scene(), "--component workspace --component config")).toBe(0);
  });
});

describe("broken", () => {
  const scene = scenes();
  const writeConfig = (config: string) => scene().house.write("openclaw.json", config);

  const breakages: Record<string, () => Promise<unknown>> = {
    "a malformed configuration": () => writeConfig('{ "agents": '),
    "a missing include": () => writeConfig('{ "$include": "gone.json5" }'),
    "a workspace that is not there": () =>
      writeConfig('{ "agents": { "defaults": { "workspace": "/nowhere/at/all" } } }'),
    "a database cut short, of somebody's": () => cutShort("workspace/torn.sqlite"),
    "a database with rubbish in it": async () => {
      await cutShort("workspace/torn.sqlite");
      const file = openSync(scene().house.state("workspace/torn.sqlite"), "r+");
      writeSync(file, Buffer.alloc(3000, 0xff), 0, 3000, 1000);
      ftruncateSync(file, 5000);
      closeSync(file);
    },
    "a database cut short, of OpenClaw's own": () => cutShort("state/openclaw.sqlite"),
    "a database with nothing in it": () =>
      scene().house.write("agents/clawd/agent/openclaw-agent.sqlite", ""),
    "a session's credentials that are not JSON": () =>
      scene().house.write("credentials/whatsapp/default/creds.json", '{ "me": '),
    "a transcript with broken lines": () =>
      scene().house.write("agents/clawd/sessions/broken.jsonl", '{"a":1}\n{"a":\n{"a":2}\n'),
    "a link that leads nowhere, a pipe and a socket": async () => {
      const { house } = scene();
      await symlink("nowhere", house.state("workspace/dangling"));
      execFileSync("mkfifo", [house.state("workspace/pipe")]);
      const server = createServer().unref();
      await new Promise<void>((done) => {
        server.listen(house.state("workspace/sock"), done);
      });
    },
  };

  async function cutShort(path: string): Promise<void> {
    const database = new DatabaseSync(scene().house.state(path));
    database.exec("CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(100000))");
    database.close();
    await truncate(scene().house.state(path), 8192);
  }

  test.each(Object.entries(breakages))(
    "F14 %s: --dry-run and the real run agree",
    async (_what, make) => {
      await make();
      expect([0, 3]).toContain(await expectAgreement(scene()));
    },
  );

  test("F14 files written just before the last backup: both say that they are unchanged", async () => {
    const { house } = scene();
    for (let at = 0; at < 20; at += 1) await house.write(`workspace/fresh/${at}.md`, `${at}`);
    await scene().backup(0);
    expect(await expectAgreement(scene())).toBe(0);
  });

  test.runIf(isRoot)("F14 unreadable files: both name them (needs root)", async () => {
    const { house } = scene();
    await house.write("workspace/closed/letter.md", "dear");
    await house.giveTo(NOBODY);
    execFileSync("chown", ["root:root", house.state(".env"), house.state("workspace/closed")]);
    await chmod(house.state("workspace/closed"), 0o700);
    expect(await expectAgreement(scene(), "", { uid: NOBODY })).toBe(3);
  });

  test.each([
    ["no repository", 10, { CLAWBACK_REPO: "/nowhere/at/all" }, ""],
    ["a wrong password", 12, { CLAWBACK_PASSWORD: "wrong" }, ""],
    ["no such component", 2, {}, "--component soul"],
    ["no instance", 1, { OPENCLAW_STATE_DIR: "/nowhere/at/all" }, ""],
  ])("F14 %s: both fail with %i", async (_what, exit, env, words) => {
    const { house } = scene();
    for (const mode of ["--dry-run", ""]) {
      expect(await house.run(`backup ${mode} ${words}`, { env })).toMatchObject({ code: exit });
    }
    await house.json("backup --tag sound");
  });

  test("F14 a repository inside of the instance: both refuse", async () => {
    const { house } = scene();
    const env = { CLAWBACK_REPO: join(house.stateDir, "backups") };
    for (const mode of ["--dry-run", ""]) {
      const said = await house.run(`backup ${mode}`, { env });
      expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining("E_REPO_INSIDE") });
    }
  });
});
