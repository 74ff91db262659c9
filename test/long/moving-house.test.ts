import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InPlaceDocument } from "../../src/operations/in-place/document.ts";
import { LabClawback } from "../lab/clawback.ts";
import { furnish, teachSkill } from "../lab/furnish.ts";
import type { Furniture } from "../lab/furnish.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { openclaw } from "../peers/peers.ts";

const CLAWBACK = resolve(import.meta.dirname, "../../bin/clawback.js");
const TIMEOUT_MS = 400_000;
/** Nobody's number; only root can be somebody else. */
const OTHER_USER = process.getuid?.() === 0 ? { uid: 64_321, gid: 64_321 } : {};
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "moving house: another home, another user (skipped where OpenClaw is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let old: OpenClawLab;
    let furniture: Furniture;
    let clawback: LabClawback;
    let root: string;
    let moved: OpenClawLab;
    let restored: InPlaceDocument;

    beforeAll(async () => {
      old = await OpenClawLab.create();
      furniture = await furnish(old, { model: "a-key-out-of-a-file" });
      await old.start();
      await old.addCron("greet", { command: furniture.script });
      await old.addCron("read", { message: `Read ${old.home}/brain/MEMORY.md.` });
      await teachSkill(old, furniture);
      await old.turn(`My cat is called Miso, and I live in ${old.home}.`);
      await old.turn("The gate is the weak spot.", { agent: "ops" });
      clawback = await LabClawback.create(old);
      await old.stop();
      await clawback.run(["backup"]);
      root = await mkdtemp(join(tmpdir(), "clawback-moved-"));
      moved = old.movedTo(root, { home: join(root, "Users/bo"), ...OTHER_USER });
      restored = await moveInto(moved);
      await rename(old.root, `${old.root}.gone`);
    }, TIMEOUT_MS);

    afterAll(async () => {
      await moved?.[Symbol.asyncDispose]();
      await clawback?.[Symbol.asyncDispose]();
      await old?.[Symbol.asyncDispose]();
      if (old !== undefined) await rm(`${old.root}.gone`, { recursive: true, force: true });
    }, TIMEOUT_MS);

    /** By the commands of docs/moving.md, as the user whose new home it is. */
    async function moveInto({ home }: OpenClawLab): Promise<InPlaceDocument> {
      for (const name of ["Users/bo", "tmp"]) await mkdir(join(root, name), { recursive: true });
      await cp(join(clawback.root, "repository"), join(root, "repository"), { recursive: true });
      await cp(join(clawback.root, "password"), join(root, "password"));
      const { uid = process.getuid?.() } = OTHER_USER;
      await promisify(execFile)("chown", ["-R", String(uid), root]);
      moved.env["NODE_COMPILE_CACHE"] = join(root, "tmp/compile-cache");
      moved.env["OPENCLAW_INCLUDE_ROOTS"] = join(root, "volume/shared");
      const where = ["--repo", join(root, "repository"), "--password-file", join(root, "password")];
      const command = ["restore", "--in-place", "--yes", "--map", `${old.root}=${root}`, "--json"];
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [CLAWBACK, ...command, ...where],
        { ...OTHER_USER, cwd: home, env: moved.env, maxBuffer: 64 << 20 },
      );
      return JSON.parse(stdout) as InPlaceDocument;
    }

    test("no live reference to the old place is left", () => {
      expect(restored.mapping?.remaining).toEqual([]);
    });

    test("what is left of it in databases is words alone", async () => {
      const tables = new Set<string>();
      for (const name of ["state/openclaw.sqlite", ...["clawd", "ops"].map(agentDatabase)]) {
        for (const table of tablesHolding(join(moved.stateDir, name), old.root)) tables.add(table);
      }
      const words = [
        "memory_index_chunks",
        "memory_index_chunks_fts",
        "session_transcript_fts",
        "trajectory_runtime_events",
        "transcript_events",
      ];
      const holding = [...tables].filter((name) => !name.endsWith("_content"));
      expect(words).toEqual(expect.arrayContaining(holding));
      expect(holding).toContain("transcript_events");
    });

    test("OpenClaw finds the configuration valid", async () => {
      const validated = await moved.run(["config", "validate", "--json"]);
      expect(JSON.parse(validated)).toMatchObject({ valid: true });
    });

    describe("the gateway was started at the new home, and the old one is gone", () => {
      beforeAll(() => moved.start(), TIMEOUT_MS);

      test("both agents are at the new place", async () => {
        const agents = JSON.parse(await moved.run(["agents", "list", "--json"])) as object[];
        expect(agents).toMatchObject([
          { id: "clawd", workspace: join(moved.home, "brain") },
          { id: "ops", identityName: "Night watch", agentDir: join(root, "volume/ops-agent") },
        ]);
      });

      test("both agents know their sessions, and no other was begun", async () => {
        const keys = (await moved.sessions()).map(({ key }) => key);
        expect(keys.sort()).toEqual(["agent:clawd:main", "agent:ops:main"]);
      });

      test("every cron job is there once; the command runs the script at the new place", async () => {
        const jobs = await moved.crons();
        const names = jobs.map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(["greet", "read"]));
        expect(new Set(names).size).toBe(names.length);
        const job = jobs.find(({ name }) => name === "greet");
        await moved.run(["cron", "run", job?.id ?? "", "--wait", "--wait-timeout", "60s"]);
        const greeted = await readFile(join(root, "tmp/greetings"), "utf8");
        expect(greeted).toBe(`${furniture.greetings.line}\n`);
      });

      test("the skills are offered from the new place", async () => {
        for (const [agent, names] of [
          ["clawd", ["heron", "tides", "lamp"]],
          ["ops", ["night-rounds"]],
        ] as const) {
          const listed = await moved.run(["skills", "list", "--json", "--agent", agent]);
          const { skills } = JSON.parse(listed) as {
            skills: { name: string; eligible: boolean }[];
          };
          const eligible = skills.filter((skill) => skill.eligible).map(({ name }) => name);
          expect(eligible).toEqual(expect.arrayContaining([...names]));
          expect(listed).not.toContain(old.root);
        }
      });

      test("both agents answer, with the key out of the secret's file, in their old sessions", async () => {
        moved.model.keys.clear();
        await moved.turn("What is my cat called?");
        await moved.turn("And the weak spot?", { agent: "ops" });
        expect([...moved.model.keys]).toEqual(["a-key-out-of-a-file"]);
        const keys = (await moved.sessions()).map(({ key }) => key);
        expect(keys.sort()).toEqual(["agent:clawd:main", "agent:ops:main"]);
      });

      test("every workspace is the one that was known, and nothing was made at the old place", async () => {
        await moved.stop();
        using database = new DatabaseSync(join(moved.stateDir, "state/openclaw.sqlite"));
        const rows = database.prepare("SELECT workspace_path FROM workspace_setup_state").all();
        const paths = [".openclaw/workspace", "brain"].map((path) => join(moved.home, path));
        expect(rows.map((row) => String(row["workspace_path"])).sort()).toEqual(
          [...paths, join(root, "volume/ops-workspace")].sort(),
        );
        expect(existsSync(old.root)).toBe(false);
      });
    });
  },
);

function agentDatabase(agent: string): string {
  return `agents/${agent}/agent/openclaw-agent.sqlite`;
}

/** The tables with a text in whatever column that holds a string: no more than SQL sees. */
function tablesHolding(path: string, text: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.flatMap(({ name }) => {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(String(name));
    const held = columns.map((column) => `instr("${String(column["name"])}", ?)`).join(" OR ");
    const sql = `SELECT count(*) AS rows FROM "${String(name)}" WHERE ${held}`;
    const found = database.prepare(sql).get(...columns.map(() => text));
    return Number(found?.["rows"]) > 0 ? [String(name)] : [];
  });
}
