import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLayoutC } from "../fixtures/instances.ts";
import type {
  BackupDocument,
  InspectDocument,
  RestoreDocument,
  SnapshotDocument,
} from "../../src/operations/documents.ts";
import { Household } from "./household.ts";

let house: Household;
beforeAll(async () => {
  house = await Household.withRepository(makeLayoutC);
  await house.write("workspace/.clawbackignore", "*.mp4\n!keep.mp4\n");
  await house.write("workspace/films/a.mp4", "a film");
  await house.write("workspace/films/keep.mp4", "a film to keep");
  await house.write("media/inbound/b.raw", "raw");
  await house.write("agents/quiet/sessions/q.jsonl", "{}\n");
  const settings = join(house.root, "xdg/config/clawback/config.json5");
  const written = await readFile(settings, "utf8").catch(() => "{\n}\n");
  await mkdir(join(settings, ".."), { recursive: true });
  await writeFile(settings, written.replace("{", '{\n  exclude: ["*.raw"],'));
});
afterAll(() => house[Symbol.asyncDispose]());

async function restored(...words: string[]): Promise<{ at: string; document: RestoreDocument }> {
  const target = house.newTarget();
  const document = await house.json<RestoreDocument>(["restore", ...words, "--target", target]);
  return { at: join(target, house.stateDir), document };
}

test("what a person excludes is left out, named alike everywhere, and not in a restore", async () => {
  const flags = ["--exclude", "/agents/clawd/sessions/", "--exclude", "openclaw.json"];
  const inspected = await house.json<InspectDocument>(["inspect", ...flags]);
  const planned = await house.json<BackupDocument>(["backup", "--dry-run", ...flags]);
  const taken = await house.json<BackupDocument>(["backup", ...flags]);
  const reasons = new Map(taken.excluded.map(({ path, reason }) => [path, reason]));
  expect(reasons.get(house.state("workspace/films/a.mp4"))).toBe(
    "excluded by .clawbackignore in workspace: *.mp4",
  );
  expect(reasons.get(house.state("media/inbound/b.raw"))).toBe("excluded by the settings: *.raw");
  expect(reasons.get(house.state("agents/clawd/sessions"))).toBe(
    "excluded by --exclude: /agents/clawd/sessions/",
  );
  const byPath = (list: BackupDocument["excluded"]) =>
    list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = JSON.parse(
    (await house.run("cat latest /.clawback/manifest.json")).stdout,
  ) as BackupDocument;
  for (const { excluded } of [inspected, planned, manifest]) {
    expect(byPath(excluded)).toEqual(byPath(taken.excluded));
  }
  expect(taken.warnings).toEqual([
    expect.stringMatching(/openclaw\.json: taken all the same, .*--exclude: openclaw\.json\)$/u),
  ]);
  const { at } = await restored();
  expect(existsSync(join(at, "openclaw.json"))).toBe(true);
  expect(existsSync(join(at, "workspace/films/keep.mp4"))).toBe(true);
  expect(existsSync(join(at, "workspace/.clawbackignore"))).toBe(true);
  expect(existsSync(join(at, "workspace/films/a.mp4"))).toBe(false);
  expect(existsSync(join(at, "agents/clawd/sessions"))).toBe(false);
  expect((await house.run("backup")).stdout).toContain("excluded by the settings: *.raw");
});

test("cron jobs alone: their database whole, and a group of its own", async () => {
  const whole = await house.json<BackupDocument>("backup");
  const taken = await house.json<BackupDocument>("backup --component cron");
  expect(taken.databases.map(({ path }) => path)).toEqual([house.state("state/openclaw.sqlite")]);
  const note = /Cron jobs live in state\/openclaw\.sqlite together with .*: the whole database is/u;
  expect(taken.notes).toEqual([expect.stringMatching(note)]);
  const listed = await house.json<SnapshotDocument[]>("snapshots");
  expect(listed.at(-1)).toMatchObject({ components: ["cron"], agents: [] });
  const { at, document } = await restored("--component", "cron");
  expect(document.snapshot.id).toBe(whole.snapshot?.id);
  expect(document.notes).toEqual([expect.stringMatching(note)]);
  expect(existsSync(join(at, "state/openclaw.sqlite"))).toBe(true);
  expect(existsSync(join(at, "openclaw.json"))).toBe(false);
  expect((await house.run("restore --help")).stdout).toContain("together with credentials");
});

test("one agent: what is its own, from a backup of it and out of a whole one", async () => {
  const taken = await house.json<BackupDocument>("backup --agent quiet");
  expect(taken.files.new).toBe(1);
  const ofAgent = await restored(taken.snapshot?.id ?? "", "--agent", "quiet");
  const ofWhole = await restored("--agent", "quiet");
  for (const { at, document } of [ofAgent, ofWhole]) {
    expect(document).toMatchObject({ files: 1, verified: true });
    expect(await readFile(join(at, "agents/quiet/sessions/q.jsonl"), "utf8")).toBe("{}\n");
  }
  const listed = await house.json<SnapshotDocument[]>("snapshots");
  expect(listed.at(-1)).toMatchObject({ components: [], agents: ["quiet"] });
  const unknown = {
    exit: 2,
    code: "E_USAGE",
    message: /no agent "nobody"/u,
    hint: /clawd, .*quiet/u,
  };
  await house.expectFailure("backup --agent nobody", unknown);
  await house.expectFailure(
    ["restore", "--agent", "nobody", "--target", house.newTarget()],
    unknown,
  );
});
