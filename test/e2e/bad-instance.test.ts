import { execFileSync } from "node:child_process";
import { existsSync, linkSync } from "node:fs";
import { chmod, cp, lstat, mkdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeLayoutA, makeLayoutC } from "../fixtures/instances.ts";
import type {
  BackupDocument,
  InspectDocument,
  LsDocument,
  RestoreDocument,
  SnapshotDocument,
} from "../../src/operations/documents.ts";
import { Household, PASSWORD } from "./household.ts";

const isRoot = process.getuid?.() === 0;

let template: Household;
let house: Household;
beforeAll(async () => {
  template = await Household.withRepository(makeLayoutA);
});
afterAll(() => template[Symbol.asyncDispose]());
beforeEach(async () => {
  house = await Household.create(makeLayoutA);
  house.env["CLAWBACK_PASSWORD"] = PASSWORD;
  await cp(template.repository, house.repository, { recursive: true });
});
afterEach(() => house[Symbol.asyncDispose]());

/** A backup that has to end so, and its dry run with it: F14. */
async function backup(code: 0 | 3, options?: { uid: number }): Promise<BackupDocument> {
  const planned = await house.json<BackupDocument>("backup --dry-run", code, options);
  const taken = await house.json<BackupDocument>("backup", code, options);
  expect(new Set(planned.errors)).toEqual(new Set(taken.errors));
  expect(taken.snapshot?.complete).toBe(code === 0);
  return taken;
}

async function restored(): Promise<string> {
  const target = house.newTarget();
  await house.json<RestoreDocument>(["restore", "--target", target]);
  return join(target, house.stateDir);
}

/** Taken with exit 3, tagged, named in JSON, in text and in the manifest. */
async function expectIncomplete(path: string, message: RegExp): Promise<BackupDocument> {
  const taken = await backup(3);
  expect(taken.errors).toContainEqual({ path, message: expect.stringMatching(message) });
  const said = await house.run("backup");
  expect(said).toMatchObject({ code: 3, stdout: expect.stringContaining("incomplete") });
  expect(said.stdout).toContain(path);
  const snapshots = await house.json<SnapshotDocument[]>("snapshots");
  expect(snapshots.map(({ complete }) => complete)).toEqual([false, false]);
  const manifest = await house.run("cat latest /.clawback/manifest.json");
  expect(JSON.parse(manifest.stdout)).toMatchObject({ complete: false, errors: taken.errors });
  return taken;
}

test("F15: no OpenClaw anywhere: said so, with the places looked at, and nothing made", async () => {
  await rm(house.stateDir, { recursive: true });
  const elsewhere = join(house.root, "not-made");
  for (const words of ["init", "backup", "inspect"]) {
    await house.expectFailure(
      words,
      { exit: 1, code: "E_NO_INSTANCE", hint: /\.openclaw.*--state-dir/su },
      { env: { CLAWBACK_REPO: elsewhere } },
    );
  }
  expect(existsSync(elsewhere)).toBe(false);
});

test("F15: a malformed openclaw.json: all that can be found is taken, and exit 3", async () => {
  await house.write("openclaw.json", '{ "gateway": { "port": ');
  const taken = await expectIncomplete(house.state("openclaw.json"), /./u);
  expect(taken.files.new).toBeGreaterThan(60);
  const copy = await restored();
  expect(await readFile(join(copy, "openclaw.json"), "utf8")).toBe('{ "gateway": { "port": ');
  expect(existsSync(join(copy, "workspace/SOUL.md"))).toBe(true);
});

test("F15: a missing $include: named, the rest is taken, and exit 3", async () => {
  await house.write("openclaw.json", '{ "$include": "./channels.json5", "gateway": {} }');
  const taken = await backup(3);
  expect(JSON.stringify(taken.errors)).toContain("channels.json5");
  expect(existsSync(join(await restored(), "workspace/SOUL.md"))).toBe(true);
});

test("F15: no openclaw.json at all is no failure", async () => {
  await rm(house.state("openclaw.json"));
  expect((await backup(0)).files.new).toBeGreaterThan(60);
});

test.runIf(isRoot)(
  "F17: a file that this user may not read: named, exit 3, the rest is taken (needs root)",
  async () => {
    const uid = 65_534;
    await house.giveTo(uid);
    execFileSync("chown", ["root:root", house.state("credentials/oauth.json")]);
    await chmod(house.state("credentials/oauth.json"), 0o600);
    await mkdir(house.state("workspace/closed"), { mode: 0o700 });
    const taken = await backup(3, { uid });
    expect(taken.errors.map(({ path }) => path).sort()).toEqual([
      house.state("credentials/oauth.json"),
      house.state("workspace/closed"),
    ]);
    const { entries } = await house.json<LsDocument>("ls", 0, { uid });
    const paths = entries.map(({ path }) => path);
    expect(paths).toContain(house.state("workspace/SOUL.md"));
    expect(paths).not.toContain(house.state("credentials/oauth.json"));
    const { warnings } = await house.json<InspectDocument>("inspect", 0, { uid });
    expect(warnings.join("\n")).toContain("workspace/closed");
  },
);

test("F1, F2: files that come, go and grow meanwhile are no failure", async () => {
  const names = Array.from({ length: 300 }, (_, at) => `workspace/busy/${at}.txt`);
  for (const name of names) await house.write(name, "x".repeat(10_000));
  let running = true;
  const churn = async () => {
    for (let at = 0; running; at = (at + 1) % names.length) {
      const name = names[at] ?? "";
      await rename(house.state(name), house.state(`${name}.moved`));
      await house.write(name, "y".repeat(20_000));
      await rm(house.state(`${name}.moved`));
    }
  };
  const churning = churn();
  try {
    for (let round = 0; round < 3; round += 1) {
      const taken = await house.json<BackupDocument>("backup");
      expect(taken).toMatchObject({ errors: [], snapshot: { complete: true } });
    }
  } finally {
    running = false;
    await churning;
  }
  expect(await house.json("check --read-data")).toMatchObject({ ok: true });
});

test("F3: sockets, pipes and locks are listed and no failure", async () => {
  const server = createServer();
  await new Promise<void>((done) => void server.listen(house.state("workspace/agent.sock"), done));
  execFileSync("mkfifo", [house.state("workspace/pipe")]);
  await house.write("gateway.lock", "1");
  await house.write("node.pid", "1");
  try {
    const { excluded } = await backup(0);
    const paths = excluded.map(({ path }) => path);
    for (const name of ["workspace/agent.sock", "workspace/pipe", "gateway.lock", "node.pid"]) {
      expect(paths).toContain(house.state(name));
    }
    expect(paths).toContain(house.state("sessions/s1.jsonl.lock"));
  } finally {
    await new Promise((done) => server.close(done));
  }
});

test("F4: links of every kind come back as links, a skill outside with its content", async () => {
  const skills = join(house.home, ".agents/skills/weather");
  await mkdir(skills, { recursive: true });
  await house.write("../.agents/skills/weather/SKILL.md", "---\nname: weather\n---\n");
  const links = {
    "workspace/absolute": "/etc/hostname",
    "workspace/dangling": "nowhere",
    "workspace/loop": "loop",
    "workspace/up": "../..",
    "workspace/skills/weather": skills,
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, house.state(name));
  await backup(0);
  const target = house.newTarget();
  await house.json(["restore", "--target", target]);
  const copy = join(target, house.stateDir);
  for (const [name, text] of Object.entries(links)) {
    expect(await readlink(join(copy, name))).toBe(text);
  }
  expect(await readFile(join(target, skills, "SKILL.md"), "utf8")).toContain("name: weather");
});

test("F5: two names of one file come back as one file", async () => {
  linkSync(house.state("workspace/SOUL.md"), house.state("workspace/TWIN.md"));
  await backup(0);
  const copy = await restored();
  const [one, two] = await Promise.all(
    ["SOUL.md", "TWIN.md"].map((name) => lstat(join(copy, "workspace", name))),
  );
  expect(one?.ino).toBe(two?.ino);
});

describe("databases", () => {
  function makeDatabase(path: string, ...statements: string[]): void {
    using database = new DatabaseSync(house.state(path), { enableForeignKeyConstraints: false });
    for (const statement of statements) database.exec(statement);
  }

  test("F8: SQLite under any name is told by its header", async () => {
    const names = ["notes", "workspace/cron-log.dat", "credentials/store.bin"];
    for (const name of names) makeDatabase(name, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)");
    const { databases } = await backup(0);
    for (const name of names) {
      expect(databases).toContainEqual({
        path: house.state(name),
        consistent: true,
        pages: 2,
        tables: 1,
        sound: true,
      });
    }
  });

  test("F9: foreign keys that point nowhere are reported, and the database is taken", async () => {
    makeDatabase(
      "workspace/shop.sqlite",
      "CREATE TABLE a (id INTEGER PRIMARY KEY)",
      "CREATE TABLE b (a INTEGER REFERENCES a (id))",
      "INSERT INTO b VALUES (7)",
    );
    const { databases } = await backup(0);
    expect(databases.map(({ path }) => path)).toContain(house.state("workspace/shop.sqlite"));
    using copy = new DatabaseSync(join(await restored(), "workspace/shop.sqlite"));
    expect(copy.prepare("SELECT a FROM b").all()).toEqual([{ a: 7 }]);
  });

  test("F10: an agent's database that is empty is said aloud", async () => {
    await house.write("agents/main/agent/openclaw-agent.sqlite", "");
    makeDatabase("memory.sqlite", "CREATE TABLE t (x)", "DROP TABLE t");
    const taken = await house.json<BackupDocument>("backup");
    const text = taken.warnings.join("\n");
    expect(text).toContain(house.state("agents/main/agent/openclaw-agent.sqlite"));
    expect(text).toContain(house.state("memory.sqlite"));
  });

  test("a broken database: taken as it is, named, and exit 3", async () => {
    const bytes = await readFile(house.state("gateway.db"));
    bytes.fill(0xff, 100, 4096);
    await house.write("gateway.db", bytes);
    const said = await house.run("backup --json");
    const taken = JSON.parse(said.stdout) as BackupDocument;
    expect(JSON.stringify([taken.errors, taken.warnings])).toContain(house.state("gateway.db"));
    expect(await readFile(join(await restored(), "gateway.db"))).toEqual(bytes);
  });
});

test("F11: long paths and names that differ only in case come back", async () => {
  const long = join(
    "workspace",
    ...Array.from({ length: 12 }, () => "a-rather-long-name".repeat(3)),
  );
  await house.write(join(long, "bottom.md"), "deep");
  await house.write("workspace/Notes.md", "1");
  await house.write("workspace/notes.md", "2");
  await backup(0);
  const copy = await restored();
  const read = (name: string) => readFile(join(copy, name), "utf8");
  expect(
    await Promise.all(
      [join(long, "bottom.md"), "workspace/Notes.md", "workspace/notes.md"].map(read),
    ),
  ).toEqual(["deep", "1", "2"]);
});

describe("F18: the repository inside what it is to protect", () => {
  test.each([
    ["in the state directory", ".openclaw/backups"],
    ["through a link", "link/backups"],
    ["the state directory itself", ".openclaw"],
    ["in a workspace elsewhere", "work/backups"],
  ])("%s: refused, and nothing is made", async (_where, place) => {
    await symlink(house.stateDir, join(house.home, "link"));
    await mkdir(join(house.home, "work"));
    await house.write(
      "openclaw.json",
      JSON.stringify({ agents: { defaults: { workspace: join(house.home, "work") } } }),
    );
    const before = await house.paths();
    const env = { CLAWBACK_REPO: join(house.home, place) };
    for (const words of ["init", "backup"]) {
      await house.expectFailure(
        words,
        { exit: 1, code: "E_REPO_INSIDE_SOURCE", hint: /--repo/u },
        { env },
      );
    }
    expect(await house.paths()).toEqual(before);
  });

  test("on the same disk: said so", async () => {
    const said = await house.run("init --no-backup", {
      env: { CLAWBACK_REPO: join(house.root, "other") },
    });
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining("on the same disk") });
  });
});

test("an unknown component is refused with the names there are", async () => {
  for (const words of ["backup --component soul", "backup --dry-run --component soul"]) {
    await house.expectFailure(words, { exit: 2, code: "E_USAGE", hint: /workspace/u });
  }
  expect(await house.json("snapshots")).toEqual([]);
});

test("a snapshot of one component does not stand in for a whole one", async () => {
  const whole = await backup(0);
  const part = await house.json<BackupDocument>("backup --component workspace");
  expect(part.components.map(({ component }) => component)).toEqual(["workspace"]);
  const [first, second] = await house.json<SnapshotDocument[]>("snapshots");
  expect([first?.components, second?.components]).toEqual([[], ["workspace"]]);
  const latest = await house.json<LsDocument>("ls latest");
  expect(latest.snapshot.id).toBe(whole.snapshot?.id);
  expect((await house.json<BackupDocument>("backup")).files).toMatchObject({ new: 0, changed: 0 });
});

test("another layout in its place: a restore of the old one is still whole", async () => {
  const first = await backup(0);
  await rm(house.stateDir, { recursive: true });
  await makeLayoutC(house.stateDir);
  await backup(0);
  const target = house.newTarget();
  await house.json(["restore", first.snapshot?.id ?? "", "--target", target]);
  expect(existsSync(join(target, house.state("gateway.db")))).toBe(true);
});
