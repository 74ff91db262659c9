import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readFile, readdir, readlink, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { automaticMappings } from "../../src/openclaw/mapping/automatic.ts";
import type { MappingReport } from "../../src/openclaw/mapping/report.ts";
import { planMappings, rewriteCopy } from "../../src/openclaw/mapping/rewrite-copy.ts";
import { RestoredCopy, root } from "../fixtures/restored-copy.ts";

const FROM = "/home/ada";
const TO = "/Users/bea";
const MAPPINGS = [{ from: FROM, to: TO }];
const DATABASE = `${FROM}/.openclaw/state/traps.sqlite`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("F22: absolute paths of the old user", () => {
  let copy: RestoredCopy;

  beforeEach(async () => {
    copy = await RestoredCopy.make();
    await copy.put(`${copy.stateDir}/openclaw.json`, CONFIG);
  });
  afterEach(async () => copy[Symbol.asyncDispose]());

  const state = (path: string): string => `${copy.stateDir}/${path}`;
  const read = (path: string): Promise<string> => readFile(copy.at(path), "utf8");
  const rewritten = (words = false): Promise<MappingReport> =>
    rewriteCopy(copy, MAPPINGS, { words });

  test("F22: the configuration names the new place; comments and formatting are kept", async () => {
    const { rewritten: places, remaining } = await rewritten();
    expect(await read(state("openclaw.json"))).toBe(
      CONFIG.replaceAll(`'${FROM}/`, `'${TO}/`).replaceAll(`"${FROM}/`, `"${TO}/`),
    );
    expect(places).toContainEqual({
      path: state("openclaw.json"),
      at: "agents.entries.ops.workspace",
      kind: "config",
      count: 1,
    });
    expect(remaining).toEqual([]);
  });

  test("F22: files of every kind: what is live is rewritten, words are told of", async () => {
    const unit = `${FROM}/.config/systemd/user/openclaw-gateway.service`;
    const script = `${FROM}/bin/tidy.sh`;
    copy.roots.push(root("service", unit, false), root("script", script, false));
    const files = [
      [state("agents/main/sessions/sessions.json"), `{"a":{"cwd":"${FROM}/x"}}`, true],
      [state("cron/jobs.json"), `{"jobs":[{"command":"cd ${FROM} && ls"}]}`, true],
      [state("exec-approvals.json"), `{"allow":["${FROM}/bin/*"]}`, true],
      [state("openclaw.json.bak"), `{ w: '${FROM}/w' }`, true],
      [state(".env"), `CACHE=${FROM}/.cache\n`, true],
      [unit, `[Service]\nWorkingDirectory=${FROM}\nEnvironment=HOME=${FROM}\n`, true],
      [script, `#!/bin/sh\ncd ${FROM}/garden\n`, true],
      [state("workspace/MEMORY.md"), `We live in ${FROM}.\n`, false],
      [state("agents/main/sessions/a.jsonl"), `{"text":"in ${FROM}"}\n`, false],
      [state("media/odd.bin"), `\0${FROM}/x`, false],
    ] as const;
    for (const [path, content] of files) await copy.put(path, content);
    await chmod(copy.at(state(".env")), 0o400);
    const report = await rewritten();
    for (const [path, content, isLive] of files) {
      expect(await read(path), path).toBe(isLive ? content.replaceAll(FROM, TO) : content);
      const told = isLive ? report.rewritten : report.left;
      expect(told.map((one) => one.path)).toContain(path);
    }
    expect((await stat(copy.at(state(".env")))).mode & 0o777).toBe(0o400);
    expect(report.remaining).toEqual([]);
  });

  test("F22: a script in the workspace that a job calls is rewritten, and what it calls", async () => {
    const [called, inner, other] = ["run.sh", "inner.py", "notes.py"].map((name) =>
      state(`workspace/tools/${name}`),
    ) as [string, string, string];
    await copy.put(state("cron/jobs.json"), `{"jobs":[{"command":"sh ${called}"}]}`);
    await copy.put(called, `python3 ${inner} --out ${FROM}/out\n`);
    await copy.put(inner, `OUT = "${FROM}/out"\n`);
    await copy.put(other, `# as in ${FROM}/out\n`);
    await rewritten();
    expect(await read(called)).toBe(`python3 ${inner} --out ${FROM}/out\n`.replaceAll(FROM, TO));
    expect(await read(inner)).toBe(`OUT = "${TO}/out"\n`);
    expect(await read(other)).toBe(`# as in ${FROM}/out\n`);
  });

  test("F22: links lead to the new place, relative ones that lead out as well", async () => {
    const links = [
      ["skills/heron", `${FROM}/.agents/skills/heron`, `${TO}/.agents/skills/heron`],
      ["skills/local", "../workspace", "../workspace"],
      ["skills/system", "../../../../opt/x", "../../../../opt/x"],
      ["skills/other", "/opt/x", "/opt/x"],
    ] as const;
    await mkdir(copy.at(state("skills")), { recursive: true });
    for (const [path, target] of links) await symlink(target, copy.at(state(path)));
    const deeper = [{ from: FROM, to: "/srv/people/bea" }];
    const { remaining } = await rewriteCopy(copy, deeper, { words: false });
    const targets = await Promise.all(links.map(([path]) => readlink(copy.at(state(path)))));
    expect(targets).toEqual([
      "/srv/people/bea/.agents/skills/heron",
      "../workspace",
      "../../../../../opt/x",
      "/opt/x",
    ]);
    expect(remaining).toEqual([]);
  });

  describe("in databases", () => {
    beforeEach(async () => {
      await mkdir(dirname(copy.at(DATABASE)), { recursive: true });
      using database = new DatabaseSync(copy.at(DATABASE));
      database.exec(TRAPS);
      database
        .prepare("INSERT INTO setups VALUES (?, ?)")
        .run(sha256(`${FROM}/brain`), `${FROM}/brain`);
      database.prepare("INSERT INTO hashes VALUES (?, 'SOUL.md')").run(sha256(`${FROM}/brain`));
      database.close();
      await chmod(copy.at(DATABASE), 0o600);
    });

    const rows = (query: string): Record<string, unknown>[] => {
      const { href } = pathToFileURL(copy.at(DATABASE));
      using database = new DatabaseSync(new URL(`${href}?immutable=1`), { readOnly: true });
      return database
        .prepare(query)
        .all()
        .map((row) => ({ ...row }));
    };

    test("F22: every row names the new place, whatever stands in the way", async () => {
      const schema = rows("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
      const report = await rewritten();
      expect(report.remaining).toEqual([]);
      expect(rows("SELECT * FROM jobs ORDER BY id")).toEqual([
        {
          store: `${TO}/.openclaw/cron/jobs.json`,
          id: "1",
          job: `{"argv":["sh","-lc","${TO}/greet.sh"],  "at":7}`,
          place: `${TO}/greet.sh`,
        },
        { store: "/home/adam/jobs.json", id: "2", job: `{"argv":[]}`, place: null },
      ]);
      expect(rows("SELECT rowid AS id, path FROM notes ORDER BY 1")).toEqual([
        { id: 7, path: `${TO}/one` },
        { id: 9, path: `${TO}/two` },
      ]);
      expect(rows("SELECT changes FROM counter")).toEqual([{ changes: 0 }]);
      expect(rows("SELECT * FROM setups")).toEqual([
        { setup_key: sha256(`${TO}/brain`), path: `${TO}/brain` },
      ]);
      expect(rows("SELECT setup_key FROM hashes")).toEqual([{ setup_key: sha256(`${TO}/brain`) }]);
      expect(rows("SELECT path FROM places_fts WHERE places_fts MATCH 'bea'")).toHaveLength(1);
      expect(rows("SELECT path FROM places_fts WHERE places_fts MATCH 'ada'")).toHaveLength(0);
      expect(rows("SELECT rowid FROM notes_fts WHERE notes_fts MATCH 'bea'")).toHaveLength(2);
      expect(rows("SELECT type, name, sql FROM sqlite_schema ORDER BY name")).toEqual(schema);
      expect(rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      expect(rows("PRAGMA foreign_key_check")).toEqual([]);
    });

    test("F22: what was said is told of, and rewritten on request, its bytes counted", async () => {
      const { left } = await rewritten();
      expect(left.filter(({ path }) => path === DATABASE).map(({ at }) => at)).toEqual(
        expect.arrayContaining(["transcript_events.event_json", "blobs.data"]),
      );
      expect(rows("SELECT event_json FROM transcript_events")[0]?.["event_json"]).toContain(FROM);
      await rewritten(true);
      expect(rows("SELECT * FROM transcript_events")).toEqual([
        { id: 1, event_json: `{"text":"in ${TO}"}`, event_utf8_bytes: 12 + TO.length + 2 },
      ]);
    });

    test("F22: the file stays a WAL database of its owner alone, with nothing beside it", async () => {
      await rewritten();
      const names = await readdir(dirname(copy.at(DATABASE)));
      expect(names.sort()).toEqual(["openclaw.sqlite", "traps.sqlite"]);
      const header = await readFile(copy.at(DATABASE));
      expect([...header.subarray(18, 20)]).toEqual([2, 2]);
      expect((await stat(copy.at(DATABASE))).mode & 0o777).toBe(0o600);
    });

    test("F22: a row that is in the way gives way, and is told of; two that swap do not", async () => {
      const both = [
        { from: FROM, to: "/home/adam" },
        { from: "/home/adam", to: FROM },
      ];
      await rewriteCopy(copy, both, { words: false });
      expect(rows("SELECT store FROM jobs ORDER BY id")).toEqual([
        { store: "/home/adam/.openclaw/cron/jobs.json" },
        { store: `${FROM}/jobs.json` },
      ]);
      using database = new DatabaseSync(copy.at(DATABASE));
      database.exec(`INSERT INTO notes (path) VALUES ('${FROM}/one')`);
      database.close();
      const { left } = await rewriteCopy(copy, [{ from: "/home/adam", to: FROM }], {
        words: false,
      });
      expect(left).toContainEqual(expect.objectContaining({ at: "notes", count: 1 }));
      expect(rows("SELECT rowid AS id, path FROM notes ORDER BY 1")).toEqual([
        { id: 7, path: `${FROM}/one` },
        { id: 9, path: `${FROM}/two` },
      ]);
    });

    test("F22: nothing is changed by a plan, and it says what is done then", async () => {
      const before = await readFile(copy.at(DATABASE));
      const { mtimeMs } = await lstat(copy.at(DATABASE));
      const planned = await planMappings(copy, MAPPINGS);
      expect(await readFile(copy.at(DATABASE))).toEqual(before);
      expect((await lstat(copy.at(DATABASE))).mtimeMs).toBe(mtimeMs);
      expect(await read(state("openclaw.json"))).toBe(CONFIG);
      const done = await rewritten();
      expect({ ...planned, remaining: [] }).toEqual(done);
    });

    test("F22: every byte of the old place that is left was told of", async () => {
      await copy.put(state("workspace/SOUL.md"), `I am at ${FROM}\n`);
      const { left } = await rewritten();
      const holding: string[] = [];
      for (const entry of await readdir(copy.directory, { recursive: true, withFileTypes: true })) {
        const at = join(entry.parentPath, entry.name);
        const bytes = entry.isFile() ? await readFile(at, "latin1") : "";
        const path = at.slice(copy.directory.length);
        if (bytes.replaceAll(`/mnt${FROM}`, "").includes(FROM)) holding.push(path);
      }
      expect(holding.sort()).toEqual([...new Set(left.map(({ path }) => path))].sort());
    });
  });

  test("F22: a state directory that moves within the home, and a home that was a link", async () => {
    expect(
      automaticMappings({
        fromHome: FROM,
        toHome: TO,
        fromStateDir: `${FROM}/.openclaw`,
        toStateDir: `${TO}/.openclaw-work`,
      }),
    ).toEqual([
      { from: FROM, to: TO },
      { from: `${FROM}/.openclaw`, to: `${TO}/.openclaw-work` },
    ]);
    copy.roots.push({ ...root("workspace", `${FROM}/brain`), realPath: "/data/ada/brain" });
    await copy.put(state("exec-approvals.json"), `["/data/ada/brain/x", "${FROM}/brain/x"]`);
    await rewritten();
    expect(await read(state("exec-approvals.json"))).toBe(`["${TO}/brain/x", "${TO}/brain/x"]`);
  });
});

const CONFIG = `// Kept in ${FROM}, see the notes.
{
  agents: {
    entries: {
      'ops': { workspace: '${FROM}/ops', /* the volume */ agentDir: "/mnt${FROM}/ops", },
      home: { workspace: "~/brain" },
    },
  },
  "gateway": { port: 0x4965 }, other: "/home/adam/x",
}
`;

const TRAPS = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE jobs (store TEXT NOT NULL, id TEXT NOT NULL, job TEXT NOT NULL,
    place TEXT GENERATED ALWAYS AS (job ->> '$.argv[2]') STORED,
    PRIMARY KEY (store, id)) STRICT, WITHOUT ROWID;
  INSERT INTO jobs VALUES
    ('${FROM}/.openclaw/cron/jobs.json', '1', '{"argv":["sh","-lc","${FROM}/greet.sh"],  "at":7}'),
    ('/home/adam/jobs.json', '2', '{"argv":[]}');
  CREATE TABLE counter (changes INTEGER);
  INSERT INTO counter VALUES (0);
  CREATE TABLE notes (path TEXT UNIQUE);
  INSERT INTO notes (rowid, path) VALUES (7, '${FROM}/one'), (9, '${FROM}/two');
  CREATE VIRTUAL TABLE notes_fts USING fts5(path, content='notes', content_rowid='rowid');
  INSERT INTO notes_fts(notes_fts) VALUES ('rebuild');
  CREATE TRIGGER notes_stay BEFORE UPDATE ON notes BEGIN SELECT RAISE(ABORT, 'immutable'); END;
  CREATE TRIGGER jobs_counted AFTER UPDATE ON jobs BEGIN UPDATE counter SET changes = changes + 1; END;
  CREATE VIRTUAL TABLE places_fts USING fts5(path, source UNINDEXED);
  INSERT INTO places_fts VALUES ('${FROM}/brain/MEMORY.md', 'memory');
  CREATE TABLE setups (setup_key TEXT NOT NULL PRIMARY KEY, path TEXT);
  CREATE TABLE hashes (setup_key TEXT NOT NULL REFERENCES setups(setup_key) ON DELETE CASCADE,
    filename TEXT, PRIMARY KEY (setup_key, filename));
  CREATE TABLE transcript_events (id INTEGER PRIMARY KEY, event_json TEXT,
    event_utf8_bytes INTEGER CHECK (event_utf8_bytes = octet_length(event_json)));
  INSERT INTO transcript_events VALUES (1, '{"text":"in ${FROM}"}', ${12 + FROM.length + 2});
  CREATE TABLE blobs (data BLOB);
  INSERT INTO blobs VALUES (CAST('${FROM}/x' AS BLOB));`;
