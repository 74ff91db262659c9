import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeLayoutB, makeLayoutC } from "../../test/fixtures/instances.ts";
import { operationContext } from "../../test/support/operation-context.ts";
import type { Settings } from "../config/settings.ts";
import { walk } from "../snapshot/walker.ts";
import { checkAgents } from "./agents.ts";
import { excludesOf } from "./given-patterns.ts";
import { RootIndex } from "./root-index.ts";
import { EVERYTHING, selectionOf, type Wanted } from "./selection.ts";
import { pathsToWalk, surveyInstance } from "./survey.ts";

let home: string;
let stateDir: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "clawback-selection-")));
  stateDir = join(home, ".openclaw");
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function write(path: string, content = path): Promise<void> {
  await mkdir(dirname(join(stateDir, path)), { recursive: true });
  await writeFile(join(stateDir, path), content);
}

async function configure(change: (config: Record<string, never>) => object): Promise<void> {
  const file = join(stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8")) as Record<string, never>;
  await writeFile(file, JSON.stringify({ ...config, ...change(config) }));
}

interface Seen {
  /** Relative to the state directory where they lie in it. */
  files: Set<string>;
  left: Map<string, string>;
  bytes: number;
  warnings: string[];
  notes: string[];
}

async function look({
  flags = [],
  settings = {},
  wanted = EVERYTHING,
}: { flags?: string[]; settings?: Settings; wanted?: Wanted } = {}): Promise<Seen> {
  const context = operationContext(home, { settings });
  const { roots } = await surveyInstance(context);
  const selection = selectionOf(new RootIndex(roots), {
    ...wanted,
    exclude: excludesOf(context, flags),
  });
  const seen = { files: new Set<string>(), left: new Map<string, string>(), bytes: 0 };
  const short = (path: Buffer) => path.toString().replace(`${stateDir}/`, "");
  for (const step of walk(await pathsToWalk(roots), selection.select, { measure: true })) {
    if (step.kind === "entry") {
      seen.files.add(short(step.entry.path));
      if (step.entry.stat.isFile()) seen.bytes += Number(step.entry.stat.size);
    }
    if (step.kind === "left-out") {
      seen.left.set(short(step.leftOut.path), step.leftOut.reason);
      seen.bytes += step.leftOut.bytes;
    }
  }
  return { ...seen, warnings: selection.warnings(), notes: selection.notes() };
}

describe("what a person excludes", () => {
  beforeEach(() => makeLayoutC(stateDir));

  test("by a file, the settings and a flag: each later word wins, and each is named", async () => {
    await write("workspace/.clawbackignore", "# big\n*.mp4\n!keep.mp4\n/drafts/\n");
    await write("workspace/films/a.mp4");
    await write("workspace/films/keep.mp4");
    await write("workspace/drafts/x.md");
    await write("workspace/films/drafts/x.md");
    await write("media/b.mp4");
    await write("media/c.log");
    const settings = { exclude: ["keep.mp4", "*.log", "/media/b.mp4"] };
    const { files, left, warnings } = await look({ settings, flags: ["!*.log"] });
    expect(Object.fromEntries(left)).toMatchObject({
      "workspace/films/a.mp4": "excluded by .clawbackignore in workspace: *.mp4",
      "workspace/drafts": "excluded by .clawbackignore in workspace: /drafts/",
      "media/b.mp4": "excluded by the settings: /media/b.mp4",
    });
    for (const kept of [
      "workspace/.clawbackignore",
      "workspace/films/keep.mp4",
      "workspace/films/drafts/x.md",
      "media/c.log",
    ]) {
      expect(files).toContain(kept);
    }
    expect(warnings).toEqual([]);
    const flagged = await look({ flags: ["*.mp4"] });
    expect(flagged.left.get("workspace/films/keep.mp4")).toBe("excluded by --exclude: *.mp4");
  });

  test("an absolute path is meant as one, in and above a root, and with ~/", async () => {
    await write("media/a.mp4");
    const outside = join(home, "projects/agent");
    await mkdir(join(outside, "film"), { recursive: true });
    await writeFile(join(outside, "film/b.mp4"), "b");
    await writeFile(join(outside, "AGENTS.md"), "c");
    await configure(() => ({ agents: { defaults: { workspace: outside } } }));
    const { left, files } = await look({
      flags: ["~/.openclaw/media/", `${outside}/film/*.mp4`, "!/film"],
    });
    expect(left.get("media")).toBe("excluded by --exclude: ~/.openclaw/media/");
    expect(left.get(`${outside}/film/b.mp4`)).toBe(`excluded by --exclude: ${outside}/film/*.mp4`);
    expect(files).toContain(`${outside}/AGENTS.md`);
    const whole = await look({ flags: [outside] });
    expect(whole.left.get(outside)).toBe(`excluded by --exclude: ${outside}`);
    const above = await look({ flags: [join(home, "projects")] });
    expect(above.files).toContain(`${outside}/AGENTS.md`);
    expect(above.warnings).toEqual([
      expect.stringMatching(/agent: taken all the same, .*--exclude: .*projects\)$/u),
    ]);
  });

  test("nothing goes missing: what is taken and what is left out are all there is", async () => {
    await write(".clawbackignore", "agents/\n/state\nmedia\n");
    await write("media/x/y.bin", "1234567");
    const before = await look();
    const total = execFileSync("find", [stateDir, "-type", "f", "-printf", "%s\\n"])
      .toString()
      .split("\n")
      .reduce((sum, each) => sum + Number(each), 0);
    expect(before.bytes).toBe(total);
  });
});

describe("what no pattern drops", () => {
  beforeEach(() => makeLayoutC(stateDir));

  test("configuration, .env and databases are taken out of excluded directories", async () => {
    const { files, left, warnings } = await look({ flags: ["*", "/agents/", "state"] });
    for (const required of ["openclaw.json", ".env", "state/openclaw.sqlite"]) {
      expect(files).toContain(required);
      expect(warnings.join("\n")).toContain(`${stateDir}/${required}: taken all the same`);
    }
    expect([...files].filter((each) => each.endsWith("openclaw-agent.sqlite"))).not.toEqual([]);
    expect(left.get("agents/clawd/sessions")).toMatch(/^excluded by --exclude: /u);
    expect(files).not.toContain("workspace/SOUL.md");
  });

  test("a workspace that is named within an excluded directory, unless the pattern is for it", async () => {
    await write("projects/agent/AGENTS.md");
    await write("projects/agent/a.mp4");
    await write("projects/other/b.md");
    await configure(() => ({ agents: { defaults: { workspace: `${stateDir}/projects/agent` } } }));
    await write(".clawbackignore", "projects/\n*.mp4\n");
    const { files, left, warnings } = await look();
    expect(files).toContain("projects/agent/AGENTS.md");
    expect(left.get("projects/agent/a.mp4")).toMatch(/: \*\.mp4$/u);
    expect(left.get("projects/other")).toBe(
      "excluded by .clawbackignore in the state directory: projects/",
    );
    expect(warnings).toEqual([expect.stringContaining("projects/agent: taken all the same")]);
    const named = await look({ flags: ["projects/agent"] });
    expect(named.left.get("projects/agent")).toBe("excluded by --exclude: projects/agent");
    expect(named.warnings).toEqual([]);
  });

  test("secret files and includes that the configuration names", async () => {
    await write("keys/token.txt", "not a token");
    await write("keys/other.txt", "x");
    await write("parts/channels.json5", "{}");
    await configure(() => ({
      $include: "./parts/channels.json5",
      secrets: { providers: { mine: { source: "file", path: `${stateDir}/keys/token.txt` } } },
    }));
    const { files, left } = await look({ flags: ["keys/", "parts", "*.json5"] });
    expect(files).toContain("keys/token.txt");
    expect(files).toContain("parts/channels.json5");
    expect(left.get("keys/other.txt")).toBe("excluded by --exclude: keys/");
  });
});

describe("what the rules leave out", () => {
  beforeEach(() => makeLayoutC(stateDir));

  test("comes back by a negation, with all below it", async () => {
    await write("npm/lib/node_modules/a/index.js");
    await write("npm/lib/x.mp4");
    expect((await look()).left.get("npm")).toMatch(/plugins/u);
    const { files, left } = await look({ flags: ["!/npm/", "*.mp4"] });
    expect(files).toContain("npm/lib/node_modules/a/index.js");
    expect(left.get("npm/lib/x.mp4")).toBe("excluded by --exclude: *.mp4");
  });

  test("locks do not: they are of this machine", async () => {
    await write("gateway.lock");
    await write("agents/main/sessions/a.jsonl.lock");
    const { left } = await look({ flags: ["!*.lock", "!*"] });
    expect(left.get("gateway.lock")).toMatch(/lock of this machine/u);
    expect(left.get("agents/main/sessions/a.jsonl.lock")).toMatch(/lock of this machine/u);
  });

  test("a log goes with its database, whichever of them a pattern names", async () => {
    await write("workspace/raw.db-wal", "");
    execFileSync("cp", [
      join(stateDir, "state/openclaw.sqlite"),
      join(stateDir, "workspace/raw.db"),
    ]);
    expect((await look({ flags: ["*-wal"] })).left.get("workspace/raw.db-wal")).toMatch(/image/u);
    const { left } = await look({ flags: ["*.db"] });
    expect(left.get("workspace/raw.db-wal")).toBe("excluded by --exclude: *.db");
  });
});

describe("a .clawbackignore that is none", () => {
  beforeEach(() => makeLayoutC(stateDir));

  test.each([
    ["a link", (path: string) => symlink("/etc/passwd", path)],
    ["no regular file", (path: string) => void execFileSync("mkfifo", [path])],
    ["no regular file", (path: string) => mkdir(path)],
    ["larger than", (path: string) => writeFile(path, "x\n".repeat(100_000))],
  ])("%s: is told of and excludes nothing", async (what, make) => {
    await make(join(stateDir, "workspace/.clawbackignore"));
    const { files, warnings } = await look();
    expect(files).toContain("workspace/SOUL.md");
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^${stateDir}/workspace/.clawbackignore: not applied: .*${what}`, "u"),
      ),
    ]);
  });

  test("bad patterns are told of, good ones beside them apply, and terminals are safe", async () => {
    const lines = ["[a", "x\\", "a/**/b/**/c/**/d", "/", "\u001b[2J", "*.tmp", "b\u00e9b\u00e9"];
    await write("workspace/.clawbackignore", lines.join("\n"));
    await write("workspace/a.tmp");
    await write("workspace/b\u00e9b\u00e9");
    const { left, warnings } = await look();
    const from = ".clawbackignore in workspace";
    expect(warnings).toEqual([
      `${from}: [a: its \`[\` is never closed; it excludes nothing`,
      `${from}: x\\: no pattern; it excludes nothing`,
      `${from}: a/**/b/**/c/**/d: too many \`**\`; it excludes nothing`,
      `${from}: /: no pattern; it excludes nothing`,
      `${from}: \ufffd[2J: its \`[\` is never closed; it excludes nothing`,
    ]);
    expect(left.get("workspace/a.tmp")).toBe(`excluded by ${from}: *.tmp`);
    expect(left.get("workspace/b\u00e9b\u00e9")).toBe(`excluded by ${from}: b\u00e9b\u00e9`);
  });
});

describe("parts of an instance", () => {
  test("cron jobs bring the database that they live in, and that is said", async () => {
    await makeLayoutC(stateDir);
    const { files, notes } = await look({ wanted: { components: ["cron"], agents: [] } });
    expect(files).toContain("state/openclaw.sqlite");
    expect(files).not.toContain("openclaw.json");
    expect(notes).toEqual([
      expect.stringMatching(
        /^Cron jobs live in state\/openclaw\.sqlite together with .*credentials.*sessions.*: the whole database is taken\.$/u,
      ),
    ]);
    const whole = await look({ wanted: { components: ["database"], agents: [] } });
    expect(whole.notes).toEqual([]);
  });

  test("one agent: what is its own, and nothing that all share", async () => {
    await makeLayoutB(stateDir);
    await write("agents/work/sessions/w.jsonl");
    await write("agents/main/sessions/m.jsonl");
    await write("workspace-work/AGENTS.md");
    await write("workspace-work/main/AGENTS.md");
    await configure(() => ({
      agents: {
        defaults: { workspace: `${stateDir}/workspace` },
        list: [
          { id: "main" },
          { id: "work", workspace: `${stateDir}/workspace-work` },
          { id: "inner", workspace: `${stateDir}/workspace-work/main` },
        ],
      },
    }));
    const work = await look({ wanted: { components: [], agents: ["work"] } });
    expect(work.files).toContain("agents/work/sessions/w.jsonl");
    expect(work.files).toContain("workspace-work/AGENTS.md");
    for (const other of [
      "openclaw.json",
      "agents/main/sessions/m.jsonl",
      "workspace-work/main/AGENTS.md",
    ]) {
      expect(work.files).not.toContain(other);
    }
    const inner = await look({ wanted: { components: ["workspace"], agents: ["inner"] } });
    expect([...inner.files]).toEqual(["workspace-work/main/AGENTS.md"]);
    const main = await look({ wanted: { components: ["sessions"], agents: ["main"] } });
    expect(main.files).toContain("agents/main/sessions/m.jsonl");
    expect(main.files).not.toContain("workspace/SOUL.md");
    const survey = await surveyInstance(operationContext(home));
    await expect(checkAgents(["main", "wrok"], survey)).rejects.toMatchObject({
      code: "E_USAGE",
      message: 'there is no agent "wrok"',
      hint: "the agents are: inner, main, work",
    });
  });
});
