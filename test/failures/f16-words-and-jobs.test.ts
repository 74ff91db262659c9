import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { BackupDocument } from "../../src/operations/documents.ts";
import { expectSameRows } from "../e2e/same-state.ts";
import { makeLayoutA, makeLayoutB, makeLayoutC } from "../fixtures/instances.ts";
import { scenes, type Restored } from "./scene.ts";

/** Where conversations have been seen, beyond what each layout has of itself. */
const TRANSCRIPTS = [
  "sessions/older/s0.jsonl",
  "agents/main/sessions/0a1b-topic-7.jsonl",
  "agents/main/sessions/0a1b.jsonl.deleted.2026-09-01T07-00-00.000Z",
  "agents/main/sessions/0a1b.jsonl.reset.2026-09-02T07-00-00.000Z",
  "agents/main/sessions/sub/0a1c.jsonl",
  "agents/gone-from-config/sessions/0a1d.jsonl",
  "transcripts/2026/call.jsonl",
  "workspace/exports/chat.jsonl",
];
const LINE = `${JSON.stringify({ type: "message", role: "user", text: "remember me" })}\n`;

/** As an instance looks that was updated twice and kept its old files. */
async function makeMixture(stateDir: string) {
  const [a, b, c] = [
    await makeLayoutA(stateDir),
    await makeLayoutB(stateDir),
    await makeLayoutC(stateDir),
  ];
  return { ...c, databases: [...a.databases, ...b.databases, ...c.databases] };
}

/** Which files and tables hold the cron jobs. */
const LAYOUTS = [
  { name: "A", make: makeLayoutA, jobs: { files: [], databases: ["gateway.db"] } },
  {
    name: "B",
    make: makeLayoutB,
    jobs: { files: ["cron/jobs.json", "cron/jobs.json.bak", "cron/runs/a.jsonl"], databases: [] },
  },
  { name: "C", make: makeLayoutC, jobs: { files: [], databases: ["state/openclaw.sqlite"] } },
  {
    name: "A, B and C together",
    make: makeMixture,
    jobs: {
      files: ["cron/jobs.json", "cron/jobs.json.bak", "cron/runs/a.jsonl"],
      databases: ["gateway.db", "state/openclaw.sqlite"],
    },
  },
];

describe.each(LAYOUTS)("layout $name", ({ make, jobs }) => {
  const scene = scenes(async (stateDir) => {
    const made = await make(stateDir);
    for (const path of TRANSCRIPTS) {
      await mkdir(dirname(join(stateDir, path)), { recursive: true });
      await writeFile(join(stateDir, path), LINE.repeat(20));
    }
    return made;
  });

  /** Fails unless every file whose name says `.jsonl` came back byte for byte. */
  function expectTranscripts(copy: Restored, within = ""): void {
    const { house } = scene();
    const paths = transcriptsBelow(house.stateDir).filter((path) => path.startsWith(within));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      expect(readFileSync(copy.state(path)).equals(readFileSync(house.state(path))), path).toBe(
        true,
      );
    }
  }

  function expectJobs(copy: Restored): void {
    const { house } = scene();
    for (const path of jobs.files) {
      expect(readFileSync(copy.state(path), "utf8")).toBe(readFileSync(house.state(path), "utf8"));
    }
    for (const path of jobs.databases) {
      expectSameRows(house.state(path), copy.state(path));
      using database = new DatabaseSync(copy.state(path));
      expect(database.prepare("SELECT id FROM cron_jobs").all()).not.toEqual([]);
    }
  }

  test("F16 transcripts and cron jobs are in the snapshot, and are counted", async () => {
    const { house, made } = scene();
    await scene().backup(0);
    const copy = await scene().restore();
    expectTranscripts(copy);
    for (const path of TRANSCRIPTS) expect(existsSync(copy.state(path)), path).toBe(true);
    expectJobs(copy);
    for (const path of made.databases) expectSameRows(house.state(path), copy.state(path));
    const { counts } = await scene().manifest();
    expect(counts["cronJobs"]).toBeGreaterThanOrEqual(made.cronJobs);
    expect(counts["sessions"]).toBeGreaterThanOrEqual(made.sessions);
  });

  test("F16 a backup of sessions and cron alone brings them back, with the databases they live in", async () => {
    const words = "backup --component sessions --component cron";
    const { snapshot } = await scene().house.json<BackupDocument>(words);
    const copy = await scene().restore(snapshot?.id ?? "");
    expectTranscripts(copy, "sessions/");
    expectTranscripts(copy, "agents/");
    expectJobs(copy);
    expect(existsSync(copy.state("workspace/SOUL.md"))).toBe(false);
  });

  test("F16 a restore of sessions and cron alone brings them back, with the databases they live in", async () => {
    const { made, house } = scene();
    await scene().backup(0);
    const copy = await scene().restore("--component", "sessions", "--component", "cron");
    expectTranscripts(copy, "sessions/");
    expectTranscripts(copy, "agents/");
    expectJobs(copy);
    for (const path of made.databases.filter((path) => path.startsWith("agents/"))) {
      expectSameRows(house.state(path), copy.state(path));
    }
    expect(existsSync(copy.state("workspace/SOUL.md"))).toBe(false);
  });
});

function transcriptsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes(".jsonl"))
    .filter((entry) => !entry.name.endsWith(".lock"))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}
