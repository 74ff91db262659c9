import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { findInstance } from "./find-instance.ts";
import { agentIn, classifyIn, resolveRoots, setIn } from "./roots.ts";
import type { Discovered, Root, Roots } from "./roots.ts";

let home = "";
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "clawback-discovered-")));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(path: string, text = "x"): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

async function link(path: string, target: string): Promise<{ path: string; target: string }> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await symlink(target, join(home, path));
  return { path: join(home, path), target };
}

async function rootsFor(
  config: object,
  discovered: Discovered = {},
  stateDir = join(home, ".openclaw"),
): Promise<Roots> {
  await mkdir(stateDir, { recursive: true });
  await writeFile(join(stateDir, "openclaw.json"), JSON.stringify(config));
  const surroundings = { env: {}, home, platform: "linux" as const };
  const instance = await findInstance({ ...surroundings, stateDir });
  return resolveRoots(instance, await readConfig(instance, {}), surroundings, discovered);
}

const short = ({ roots }: Roots) =>
  roots.map(({ kind, realPath }) => `${kind} ${realPath.replace(home, "~")}`);
const notes = ({ left }: Roots) =>
  left.map(({ path, reason }) => `${path.replace(home, "~")}: ${reason}`);
const at = ({ roots }: Roots, path: string): Root => {
  const root = roots.find(({ realPath }) => realPath === join(home, path));
  if (root === undefined) throw new Error(`no root at ${path}`);
  return root;
};

test("scripts of cron jobs, hooks and the configuration are roots", async () => {
  const job = { id: "1", name: "tidy-up", payload: { kind: "command", argv: ["~/bin/tidy.sh"] } };
  await put("bin/tidy.sh", `#!/bin/sh\n${home}/lib/common.sh\n`);
  for (const path of ["lib/common.sh", "from-database.py", "hook.sh", "server.js", "resolver"]) {
    await put(path);
  }
  await truncate(join(home, "resolver"), 2_000_000);
  await put(".openclaw/cron/jobs.json", JSON.stringify({ jobs: [job] }));
  await put(".openclaw/hooks/log/handler.ts", `spawn("${home}/hook.sh")`);
  await put(".openclaw/scripts/inside.sh");
  await put(".openclaw/tools/mine.sh");
  const found = await rootsFor(
    {
      mcp: { servers: { s: { command: "node", args: [`${home}/server.js`] } } },
      secrets: { providers: { p: { source: "exec", command: `${home}/resolver` } } },
      hooks: {
        mappings: [{ command: "~/.openclaw/scripts/inside.sh; ~/.openclaw/tools/mine.sh" }],
      },
      logging: { file: "~/server.log" },
    },
    { texts: [{ text: JSON.stringify({ name: "n", run: `${home}/from-database.py` }), at: "x" }] },
  );
  expect(found.roots.map(({ kind, path, why }) => `${kind} ${path}: ${why}`.replaceAll(home, "~")))
    .toMatchInlineSnapshot(`
      [
        "state ~/.openclaw: the state directory",
        "script ~/hook.sh: called by the hook "log"",
        "script ~/server.js: called by the configuration: mcp.servers.s.args.0",
        "script ~/bin/tidy.sh: called by the cron job "tidy-up"",
        "script ~/lib/common.sh: called by ~/bin/tidy.sh",
        "script ~/from-database.py: called by the cron job "n"",
      ]
    `);
  expect(notes(found)).toEqual([
    "~/resolver: called by the configuration: secrets.providers.p.command; larger than 1 MiB",
  ]);
  expect(found.problems).toEqual([]);
  const [state] = found.roots;
  expect(state?.nested.map(({ path }) => path)).toEqual(["openclaw.json", "tools/mine.sh"]);
});

test("what links lead to is what the links would be", async () => {
  for (const path of ["notes/a.md", "plugin/index.js", "plugin/node_modules/x", "wa/creds.json"]) {
    await put(path);
  }
  await put("more/skills/tea/SKILL.md");
  await put("data/extra.db");
  const links = [
    await link(".openclaw/workspace/notes", join(home, "notes")),
    await link(".openclaw/extensions/mine", "../../plugin"),
    await link(".openclaw/credentials/whatsapp/me", join(home, "wa")),
    await link(".openclaw/state/extra.db", join(home, "data/extra.db")),
    await link(".openclaw/workspace-b/skills", join(home, "more/skills")),
    await link("more/skills/coffee", join(home, "coffee")),
  ];
  await put("coffee/SKILL.md");
  const found = await rootsFor({}, { links: links.toReversed() });
  expect(short(found).toSorted()).toEqual([
    "linked ~/data/extra.db",
    "linked ~/notes",
    "linked ~/plugin",
    "linked ~/wa",
    "skills ~/coffee",
    "skills ~/more/skills",
    "state ~/.openclaw",
  ]);
  expect(classifyIn(at(found, "notes"), ".env", false)).toMatchObject({
    component: "workspace",
    secret: true,
  });
  expect(classifyIn(at(found, "plugin"), "node_modules", true).leaveOut).toMatch(/plugins install/);
  expect(classifyIn(at(found, "wa"), "creds.json", false)).toMatchObject({
    component: "credentials",
    content: "json",
  });
  expect(setIn(at(found, "wa"), "")).toBe("a WhatsApp account");
  expect(classifyIn(at(found, "data/extra.db"), "", false)).toMatchObject({
    component: "database",
  });
  expect(agentIn(at(found, "coffee"), "SKILL.md")).toBe("b");
  expect([found.problems, found.left]).toEqual([[], []]);
});

test("a link in a workspace elsewhere leads to a part of that workspace", async () => {
  await put("lib/package.json");
  await put("ws/SOUL.md");
  const links = [await link("ws/tools", join(home, "lib"))];
  const found = await rootsFor({ agents: { defaults: { workspace: "~/ws" } } }, { links });
  const lib = at(found, "lib");
  expect(lib).toMatchObject({ kind: "linked", component: "workspace", agentId: "main" });
  expect(classifyIn(lib, "node_modules", true, () => true).leaveOut).toMatch(/npm install/);
  expect(classifyIn(lib, "cache", true).leaveOut).toBeUndefined();
});

test("F4 links to the system, to nowhere, too wide, or to what comes back stay links", async () => {
  await put(".openclaw/npm/node_modules/p/skill/SKILL.md");
  await put(".nvm/v22/bin/node");
  await put("repo/node_modules/.pnpm/x/index.js");
  const base = ".openclaw/workspace";
  const links = [
    await link(`${base}/venv/bin/python3`, "/usr/bin/python3"),
    await link(`${base}/gone`, "/nowhere/at/all"),
    await link(`${base}/loop`, join(home, base, "loop")),
    await link(`${base}/root`, "/"),
    await link(`${base}/home`, home),
    await link(`${base}/node`, join(home, ".nvm/v22/bin/node")),
    await link(`${base}/x`, join(home, "repo/node_modules/.pnpm/x")),
    await link(`${base}/generated`, join(home, ".openclaw/npm/node_modules/p/skill")),
    await link(`${base}/inside`, join(home, ".openclaw/workspace")),
    await link(".openclaw/tmp/x", join(home, "repo")),
    await link("elsewhere/y", join(home, "repo")),
  ];
  const found = await rootsFor({}, { links });
  expect(short(found)).toEqual(["state ~/.openclaw"]);
  expect(notes(found)).toMatchInlineSnapshot(`
    [
      "~/.openclaw/workspace/gone: it leads nowhere",
      "~/.openclaw/workspace/loop: it leads nowhere",
      "~/.openclaw/workspace/root: what it leads to is too wide to be taken whole",
      "~/.openclaw/workspace/home: what it leads to is too wide to be taken whole",
      "~/.openclaw/workspace/node: what it leads to was installed; installing brings it back",
      "~/.openclaw/workspace/x: what it leads to was installed; installing brings it back",
      "~/.openclaw/workspace/generated: what it leads to is left out: installed plugins; \`openclaw plugins install\` brings them back",
    ]
  `);
});

test("agents and sets are told by a manifest's roots too", async () => {
  await put("ws/b/SOUL.md");
  await put("dirs/c/openclaw-agent.sqlite");
  await put("wa/creds.json");
  await put(".local/share/signal-cli/data/accounts.json");
  const found = await rootsFor({
    agents: {
      defaults: { workspace: "~/ws" },
      entries: {
        a: { default: true, workspace: "~/.openclaw/wa" },
        b: {},
        c: { agentDir: "~/dirs/c" },
      },
    },
    channels: { whatsapp: { authDir: "~/wa" }, signal: { account: "+000" } },
  });
  const known = JSON.parse(JSON.stringify(found.roots)) as Root[];
  const agent = (root: string, path: string) => agentIn(at({ ...found, roots: known }, root), path);
  expect(agent(".openclaw", "agents/x/sessions/s.jsonl")).toBe("x");
  expect(agent(".openclaw", "memory/x.sqlite")).toBe("x");
  expect(agent(".openclaw", "workspace-x/SOUL.md")).toBe("x");
  expect(agent(".openclaw", "workspace/SOUL.md")).toBe("a");
  expect(agent(".openclaw", "state/openclaw.sqlite")).toBeUndefined();
  expect(agent("ws", "SOUL.md")).toBe("a");
  expect(agent("ws", "b/SOUL.md")).toBe("b");
  expect(agent("dirs/c", "openclaw-agent.sqlite")).toBe("c");
  const set = (root: string, path: string) => setIn(at({ ...found, roots: known }, root), path);
  expect(set("wa", "")).toBe("a WhatsApp account");
  expect(set(".openclaw", "credentials/whatsapp/me")).toBe("a WhatsApp account");
  expect(set(".openclaw", "matrix/accounts/a/s__u/0f")).toBe("a Matrix account");
  expect(set(".local/share/signal-cli", "data")).toBe("Signal's accounts");
  expect(set(".openclaw", "credentials/whatsapp")).toBeUndefined();
  expect(set(".openclaw", "credentials/whatsapp/me/keys")).toBeUndefined();
});

test("an instance in a container's volume: its paths are found below the volume", async () => {
  const foreign = "/home/nobody-here/.openclaw";
  await put("volume/workspace/SOUL.md");
  await put("volume/secrets/token");
  const found = await rootsFor(
    {
      agents: {
        defaults: { workspace: `${foreign}/workspace` },
        entries: { a: { agentDir: `${foreign}/agents/a/agent` } },
      },
      channels: { telegram: { tokenFile: `${foreign}/secrets/token` } },
    },
    {},
    join(home, "volume"),
  );
  expect(short(found)).toEqual(["state ~/volume"]);
  expect(found.problems).toEqual([]);
  expect(found.roots[0]?.nested).toMatchObject([
    { path: "workspace", kind: "workspace" },
    { path: "openclaw.json", kind: "config" },
    { path: "secrets/token", kind: "secret" },
  ]);
  const gone = await rootsFor(
    { agents: { defaults: { workspace: `${foreign}/elsewhere` } } },
    {},
    join(home, "volume"),
  );
  expect(gone.problems).toMatchObject([{ path: `${foreign}/elsewhere` }]);
});

test("the recovery sets of updates beside the state are named", async () => {
  await put(".openclaw.update-captures/x");
  expect(notes(await rootsFor({}))).toMatchObject([expect.stringContaining("update-captures")]);
});
