import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { findInstance } from "./find-instance.ts";
import { classifyIn, resolveRoots } from "./roots.ts";
import type { Roots } from "./roots.ts";

let home = "";
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "clawback-roots-")));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), "x");
  }
}

async function rootsFor(config: object, env: Record<string, string> = {}): Promise<Roots> {
  const state = env["OPENCLAW_STATE_DIR"] ?? join(home, ".openclaw");
  await mkdir(state, { recursive: true });
  await writeFile(join(state, "openclaw.json"), JSON.stringify(config));
  const surroundings = { env, home, platform: "linux" as const };
  const instance = await findInstance(surroundings);
  return resolveRoots(instance, await readConfig(instance, env), surroundings);
}

const short = ({ roots }: Roots) =>
  roots.map(({ kind, realPath }) => `${kind} ${realPath.replace(home, "~")}`);

test("everything inside the state is one root", async () => {
  await put(".openclaw/workspace/SOUL.md", ".openclaw/agents/a/agent/x");
  const found = await rootsFor({
    agents: {
      defaults: { workspace: "~/.openclaw/workspace" },
      entries: {
        a: { agentDir: "~/.openclaw/agents/a/agent" },
        quiet: { agentDir: "~/.openclaw/q" },
      },
    },
  });
  expect(short(found)).toEqual(["state ~/.openclaw"]);
  expect(found.problems).toEqual([]);
  expect(found.roots[0]?.nested.map(({ path }) => path).toSorted()).toEqual([
    "agents/a/agent",
    "openclaw.json",
    "workspace",
  ]);
});

test("what lies outside: each once, none within another", async () => {
  await put(
    "ws/SOUL.md",
    "ws/agent/db",
    "secrets.json",
    "parts/c.json",
    ".config/openclaw/gateway.env",
  );
  await put(".config/systemd/user/openclaw-gateway.service", ".local/share/signal-cli/data/x");
  await writeFile(join(home, "parts/c.json"), "{}");
  const found = await rootsFor({
    $include: "~/parts/c.json",
    agents: {
      defaults: { workspace: "~/ws" },
      list: [{ id: "a", workspace: "~/ws/", agentDir: "~/ws/agent" }],
    },
    channels: { signal: { account: "+000" } },
    secrets: { providers: { f: { source: "file", path: "~/secrets.json" } } },
  });
  expect(short(found).toSorted()).toEqual([
    "environment ~/.config/openclaw/gateway.env",
    "include ~/parts/c.json",
    "secret ~/secrets.json",
    "service ~/.config/systemd/user/openclaw-gateway.service",
    "signal ~/.local/share/signal-cli",
    "state ~/.openclaw",
    "workspace ~/ws",
  ]);
  const workspace = found.roots.find(({ kind }) => kind === "workspace");
  expect(workspace?.nested).toMatchObject([{ path: "agent", scope: "agentDir" }]);
  expect(workspace && classifyIn(workspace, "agent/openclaw-agent.sqlite", false)).toMatchObject({
    component: "database",
  });
});

test("F15 what is named outside and missing is a problem", async () => {
  const found = await rootsFor({
    agents: { defaults: { workspace: "~/gone" } },
    channels: { telegram: { tokenFile: "/nowhere/token" } },
  });
  expect(found.problems.map(({ path }) => path).toSorted()).toEqual([
    "/nowhere/token",
    `${home}/gone`,
  ]);
});

test("links: both names are noted, the bytes are found", async () => {
  await put("data/ws/SOUL.md", "data/oc/x", "dotfiles/openclaw.json");
  await symlink(join(home, "data/oc"), join(home, ".openclaw"));
  await symlink(join(home, "data/ws"), join(home, "data/oc/workspace"));
  await symlink(join(home, "data/ws"), join(home, "clawd"));
  await symlink(join(home, "dotfiles/openclaw.json"), join(home, "data/oc/openclaw.json"));
  const found = await rootsFor({
    agents: {
      defaults: { workspace: "~/clawd" },
      list: [{ id: "a", workspace: "~/.openclaw/workspace" }],
    },
  });
  expect(found.roots).toMatchObject([
    { kind: "state", path: join(home, ".openclaw"), realPath: join(home, "data/oc") },
    {
      kind: "workspace",
      path: join(home, "clawd"),
      alsoNamed: [join(home, ".openclaw/workspace")],
      realPath: join(home, "data/ws"),
    },
    { kind: "config", realPath: join(home, "dotfiles/openclaw.json"), secret: true },
  ]);
});

test("F4 skills that are links come with their content", async () => {
  await put(".agents/skills/tea/SKILL.md", "elsewhere/coffee/SKILL.md", ".openclaw/skills/x");
  await symlink(join(home, ".agents/skills/tea"), join(home, ".openclaw/skills/tea"));
  await symlink(join(home, "elsewhere/coffee"), join(home, ".openclaw/skills/coffee"));
  await symlink(join(home, "nowhere"), join(home, ".openclaw/skills/dangling"));
  const found = await rootsFor({});
  expect(short(found).toSorted()).toEqual([
    "skills ~/.agents/skills",
    "skills ~/elsewhere/coffee",
    "state ~/.openclaw",
  ]);
  expect(found.problems).toEqual([]);
});

test("a part of the state that is a link is told by its place in the state", async () => {
  await put("big/agents/a/agent/openclaw-agent.sqlite", "big/cache/x", ".openclaw/x");
  await symlink(join(home, "big/agents"), join(home, ".openclaw/agents"));
  await symlink(join(home, "big/cache"), join(home, ".openclaw/cache"));
  const found = await rootsFor({});
  expect(short(found)).toEqual(["state ~/.openclaw", "linked ~/big/agents"]);
  const agents = found.roots[1];
  const lock = "a/agent/openclaw-agent.sqlite.reindex-lock.sqlite";
  expect(agents && classifyIn(agents, lock, false).leaveOut).toBeDefined();
  expect(agents && classifyIn(agents, "a/agent/openclaw-agent.sqlite", false)).toMatchObject({
    component: "database",
    secret: true,
  });
});

test.each(["/", "~", "~/..", "~/.openclaw/.."])(
  "a workspace at %s is not swallowed",
  async (wide) => {
    await put("SOUL.md", "memory/2026-09-01.md", "Pictures/holiday.jpg");
    const found = await rootsFor({ agents: { defaults: { workspace: wide } } });
    expect(found.roots.map(({ realPath }) => realPath)).not.toContain(home);
    expect(found.problems).toMatchObject([{ message: expect.stringContaining("too wide") }]);
    if (wide === "~") {
      expect(short(found).toSorted()).toEqual([
        "state ~/.openclaw",
        "workspace ~/SOUL.md",
        "workspace ~/memory",
      ]);
    }
  },
);

test("the state itself as workspace changes nothing", async () => {
  const found = await rootsFor({ agents: { defaults: { workspace: "~/.openclaw" } } });
  expect([short(found), found.problems]).toEqual([["state ~/.openclaw"], []]);
});
