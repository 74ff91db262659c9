import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeLayoutA, makeLayoutB, makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import type {
  BackupDocument,
  CheckDocument,
  DiffDocument,
  FindDocument,
  InitDocument,
  InspectDocument,
  KeyDocument,
  LsDocument,
  RecoveryKit,
  RestoreDocument,
  SnapshotDocument,
} from "../../src/operations/documents.ts";
import type { Manifest } from "../../src/operations/manifest.ts";
import { compareTrees } from "../interop/compare-trees.ts";
import { Household } from "./household.ts";
import { expectSameState } from "./same-state.ts";

const LAYOUTS = [
  { name: "A", make: makeLayoutA },
  { name: "B", make: makeLayoutB },
  { name: "C", make: makeLayoutC },
];

/** Each test goes on where the one before it ended. */
describe.each(LAYOUTS)("from init to restore with layout $name", ({ make }) => {
  let house: Household;
  let made: MadeInstance;
  let first: InitDocument;
  let phrase: string;

  beforeAll(async () => {
    house = await Household.create(async (stateDir) => (made = await make(stateDir)));
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const sum = (items: readonly { bytes: number }[]) =>
    items.reduce((total, { bytes }) => total + bytes, 0);

  test("init protects, reads back, and keeps the phrase where nobody else reads it", async () => {
    first = await house.json<InitDocument>("init --yes");
    expect(first).toMatchObject({
      version: 1,
      repository: { location: house.repository, id: expect.stringMatching(/^[0-9a-f]{64}$/u) },
      snapshot: { id: expect.stringMatching(/^[0-9a-f]{64}$/u) },
      readBack: { ok: true },
      recoveryKit: { location: house.repository, phraseFile: expect.any(String) },
    });
    expect(first.recoveryKit.commands.length).toBeGreaterThan(1);
    expect(first.recoveryKit).not.toHaveProperty("phrase");
    const file = first.recoveryKit.phraseFile ?? "";
    expect(file.startsWith(join(house.root, "xdg/config/clawback/"))).toBe(true);
    phrase = (await readFile(file, "utf8")).trim();
    expect(phrase.split(" ")).toHaveLength(24);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    await house.expectFailure("init", { exit: 1, code: "E_REPO_EXISTS", hint: /clawback backup/u });
  });

  test("nothing of ours lands in the state directory, and nothing of it changes", async () => {
    const expected = join(house.root, "made-again");
    execFileSync("cp", ["-a", made.stateDir, expected]);
    await house.json("backup");
    expect(compareTrees(expected, made.stateDir)).toEqual([]);
    execFileSync("rm", ["-r", expected]);
  });

  test("backup, snapshots, the manifest and inspect agree on sizes", async () => {
    const taken = await house.json<BackupDocument>("backup --tag second");
    expect(taken).toMatchObject({
      snapshot: { complete: true, shortId: taken.snapshot?.id.slice(0, 8) },
      files: { new: 0, changed: 0, unchanged: made.kept.length },
      errors: [],
      warnings: [],
      duration: expect.any(Number),
    });
    const manifest = JSON.parse(
      (await house.run("cat latest /.clawback/manifest.json")).stdout,
    ) as Manifest;
    const listed = await house.json<SnapshotDocument[]>("snapshots");
    const inspected = await house.json<InspectDocument>("inspect");
    expect(manifest.counts["files"]).toBe(made.kept.length);
    expect(manifest.counts["sessions"]).toBe(made.sessions);
    expect(
      new Set([
        taken.bytes.scanned,
        sum(taken.components),
        sum(manifest.components),
        manifest.counts["bytes"],
        listed.at(-1)?.bytes,
        sum(inspected.items),
      ]),
    ).toEqual(new Set([taken.bytes.scanned]));
    expect(listed.map(({ tags }) => tags)).toEqual([[], [], ["second"]]);
    expect(listed[0]).toMatchObject({ id: first.snapshot?.id, complete: true, components: [] });
    expect(taken.databases.map(({ path }) => path)).toEqual(
      made.databases.map((path) => house.state(path)).sort(),
    );
    for (const database of taken.databases) {
      expect(database).toMatchObject({ consistent: true, pages: expect.any(Number) });
      expect(database.tables).toBeGreaterThan(0);
    }
  });

  test("what is left out is listed, with its size and the reason", async () => {
    const { excluded } = await house.json<BackupDocument>("backup --dry-run");
    const inspected = await house.json<InspectDocument>("inspect");
    const byPath = <T extends { path: string }>(list: T[]) =>
      [...list].sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(byPath(inspected.excluded)).toEqual(byPath(excluded));
    for (const path of made.leftOut) {
      const entry = excluded.find((each) => `${house.state(path)}/`.startsWith(`${each.path}/`));
      expect(entry, path).toMatchObject({ reason: expect.stringMatching(/\w+/u) });
    }
    const bytes = await Promise.all(
      made.leftOut.map(async (path) =>
        // A link weighs nothing.
        existsSync(house.state(path)) ? (await stat(house.state(path))).size : 0,
      ),
    );
    expect(sum(excluded)).toBe(bytes.reduce((a, b) => a + b, 0));
    const text = (await house.run("backup --dry-run --verbose")).stdout;
    for (const { path, reason } of excluded) expect(text).toContain(`${path}  ${reason}`);
  });

  test("F16: ls and find show the transcripts, cat gives their bytes", async () => {
    const { entries } = await house.json<LsDocument>("ls");
    const files = entries.filter(({ type }) => type === "file").map(({ path }) => path);
    const expected = [...made.kept.map((path) => house.state(path)), "/.clawback/manifest.json"];
    expect(files.sort()).toEqual(expected.sort());
    const found = await house.json<FindDocument>(["find", "*.jsonl"]);
    const transcripts = made.kept.filter((path) => path.endsWith(".jsonl"));
    expect(found.matches).toHaveLength(3);
    expect(found.matches[0]?.entries.map(({ path }) => path).sort()).toEqual(
      transcripts.map((path) => house.state(path)).sort(),
    );
    const [transcript = ""] = transcripts;
    const { stdout } = await house.run(["cat", "latest", house.state(transcript)]);
    expect(stdout).toBe(await readFile(house.state(transcript), "utf8"));
  });

  test("F20, F23: a restore brings the same tree back, and the same rows", async () => {
    const target = house.newTarget();
    const planned = await house.json<RestoreDocument>(["restore", "--target", target, "--dry-run"]);
    expect(existsSync(target)).toBe(false);
    const document = await house.json<RestoreDocument>(["restore", "--target", target]);
    expect(document).toMatchObject({
      target,
      verified: true,
      mapped: [],
      errors: [],
      // The manifest comes along.
      files: made.kept.length + 1,
    });
    expect([planned.files, planned.bytes]).toEqual([document.files, document.bytes]);
    expectSameState(made, join(target, made.stateDir));
  });

  test("F21: no log and no shared memory lies beside a restored database", async () => {
    const target = house.newTarget();
    await house.json(["restore", "--target", target]);
    const names = await readdir(target, { recursive: true });
    expect(names.filter((name) => /-(?:wal|shm|journal)$/u.test(name))).toEqual([]);
  });

  test("restore --path and --component bring back that, and nothing else", async () => {
    const [database = ""] = made.databases;
    const onePath = house.newTarget();
    await house.json(["restore", "--target", onePath, "--path", house.state(database)]);
    expect(await filesBelow(onePath)).toEqual([join(onePath, house.state(database))]);

    const oneComponent = house.newTarget();
    await house.json(["restore", "--target", oneComponent, "--component", "credentials"]);
    const restored = await filesBelow(oneComponent);
    expect(restored).toContain(
      join(oneComponent, house.state("credentials/whatsapp/default/creds.json")),
    );
    expect(restored.filter((path) => /SOUL\.md|openclaw\.json$/u.test(path))).toEqual([]);
    // Where credentials live in databases as well, these come whole.
    const inDatabases = restored.filter((path) => path.endsWith("sqlite"));
    expect(made.databases.map((path) => join(oneComponent, house.state(path)))).toEqual(
      expect.arrayContaining(inDatabases),
    );
  });

  test("diff tells what changed between two snapshots", async () => {
    await writeFile(house.state("workspace/MEMORY.md"), "# Memory\nLikes coffee now.\n");
    await writeFile(house.state("workspace/new.md"), "new");
    const { files } = await house.json<BackupDocument>("backup");
    expect(files).toMatchObject({ new: 1, changed: 1 });
    const { changes } = await house.json<DiffDocument>(["diff", first.snapshot?.id ?? ""]);
    const about = changes.filter(
      ({ path, change }) => change !== "metadata" && path.startsWith(house.stateDir),
    );
    expect(about).toEqual([
      { path: house.state("workspace/MEMORY.md"), change: "changed", bytes: expect.any(Number) },
      { path: house.state("workspace/new.md"), change: "added", bytes: 3 },
    ]);
  });

  test.runIf(make === makeLayoutC)(
    "keys: listed, added, replaced, taken away; check reads every byte",
    async () => {
      const password = join(house.root, "second-password");
      await writeFile(password, "a second password\n", { mode: 0o600 });
      const other = join(house.root, "third-password");
      await writeFile(other, "a third one\n", { mode: 0o600 });
      const [own] = await house.json<KeyDocument[]>("key list");
      expect(own).toMatchObject({ current: true, shortId: own?.id.slice(0, 8) });
      const { id } = await house.json<{ id: string }>([
        "key",
        "add",
        "--new-password-file",
        password,
      ]);
      const with2 = ["--password-file", password];
      const changed = await house.json<{ id: string; removed: string }>([
        "key",
        "passwd",
        ...with2,
        "--new-password-file",
        other,
      ]);
      expect(changed.removed).toBe(id);
      await house.expectFailure(["snapshots", ...with2], { exit: 12, code: "E_WRONG_KEY" });
      expect(await house.json<KeyDocument[]>("key list")).toHaveLength(2);
      await house.expectFailure(["key", "remove", own?.shortId ?? ""], {
        exit: 2,
        code: "E_USAGE",
      });
      expect(await house.json(["key", "remove", changed.id])).toMatchObject({
        removed: changed.id,
      });
      await house.expectFailure(["snapshots", "--password-file", other], {
        exit: 12,
        code: "E_WRONG_KEY",
      });
      const checked = await house.json<CheckDocument>("check --read-data");
      expect(checked).toMatchObject({ ok: true, errors: [], snapshots: 4 });
      expect(checked.packs).toBeGreaterThan(0);
      expect(checked.blobs).toBeGreaterThan(0);
      expect(checked.bytesRead).toBeGreaterThan(0);
    },
  );

  test.runIf(make === makeLayoutC)("every command says in words what it says in JSON", async () => {
    const target = house.newTarget();
    const says = async (words: string, ...expected: RegExp[]) => {
      const { stdout, stderr, code } = await house.run(words);
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      for (const pattern of expected) expect(stdout).toMatch(pattern);
    };
    await says("inspect", /SOUL\.md|workspace/u, /It leaves out/u);
    await says("backup", /✓ snapshot [0-9a-f]{8} taken/u, /consistent/u, /Left out\n/u);
    await says("snapshots", /complete/u, /5 snapshots/u);
    await says("ls", /openclaw\.json/u);
    await says("find SOUL.md", /workspace\/SOUL\.md/u);
    await says(`diff ${first.snapshot?.id}`, /M .*MEMORY\.md/u);
    await says("check", /no damage|✓/u);
    await says(`restore --target ${target}`, /verified|✓/u);
    await says("key list", /CREATED|created|\d{4}-\d\d-\d\d/u);
  });

  test("the phrase is printed on demand only, and is in no file but its own", async () => {
    expect(house.outputs.length).toBeGreaterThan(30);
    for (const output of house.outputs) expectWithout(output, phrase);
    const text = (await house.run("key export")).stdout;
    for (const word of phrase.split(" ")) expect(text).toContain(word);
    const kit = await house.json<RecoveryKit>("key export");
    expectWithout(JSON.stringify(kit), phrase);
    expect(await house.json("key export --show-phrase")).toMatchObject({ phrase });
    for (const path of await filesBelow(house.root)) {
      if (path === first.recoveryKit.phraseFile) continue;
      expectWithout((await readFile(path)).toString("latin1"), phrase, path);
    }
  });
});

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

/** Not the phrase, nor enough of it to guess the rest. */
function expectWithout(output: string, phrase: string, where = "what was printed"): void {
  const words = phrase.split(" ");
  for (let at = 0; at + 3 <= words.length; at += 1) {
    const some = words.slice(at, at + 3).join(" ");
    if (output.includes(some)) throw new Error(`words of the phrase in ${where}`);
  }
}
