import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import type { ConfigFacts } from "./config.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-config-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array | object): Promise<void> {
  const isRaw = typeof content === "string" || content instanceof Uint8Array;
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), isRaw ? content : JSON.stringify(content));
}

async function read(
  content: string | Uint8Array | object,
  env: Record<string, string> = {},
): Promise<ConfigFacts> {
  await put(".openclaw/openclaw.json", content);
  const stateDir = join(home, ".openclaw");
  const configPath = join(stateDir, "openclaw.json");
  const instance = { name: "default", stateDir, realStateDir: stateDir, configPath, home };
  return readConfig(instance, env);
}

const paths = (found: ConfigFacts["workspaces"]) => found.map(({ path }) => path);

test("agents of 2026.9 (entries) and of 2026.3 (list)", async () => {
  const facts = await read({
    meta: { lastTouchedVersion: "2026.9.6" },
    gateway: { port: 18789 },
    plugins: { entries: { whatsapp: {} } },
    agents: {
      defaults: { workspace: "~/ws" },
      entries: { a: { workspace: "/srv/a", agentDir: "/srv/agent-a" } },
      list: [{ id: "b", workspace: "~/b" }, { id: "c" }],
    },
  });
  expect(facts).toMatchObject({
    present: true,
    parsed: true,
    problems: [],
    agents: ["a", "b", "c"],
    gatewayPort: 18789,
    plugins: ["whatsapp"],
    lastTouchedVersion: "2026.9.6",
  });
  expect(facts.workspaces).toMatchObject([
    { path: join(home, "ws"), at: "agents.defaults.workspace" },
    { path: "/srv/a", agentId: "a" },
    { path: join(home, "b"), agentId: "b" },
  ]);
  expect(facts.agentDirs).toMatchObject([{ path: "/srv/agent-a", agentId: "a", exists: false }]);
});

test("JSON5: comments, single quotes, trailing commas, a byte order mark", async () => {
  const facts = await read("\uFEFF{ // hello\n agents: { defaults: { workspace: '/w', }, }, }");
  expect([facts.parsed, paths(facts.workspaces)]).toEqual([true, ["/w"]]);
});

test("every other path that the configuration names", async () => {
  await put("secrets.json", {});
  const facts = await read({
    session: { store: "~/sessions/{agentId}/sessions.json" },
    skills: { load: { extraDirs: ["~/skills"] } },
    plugins: { load: { paths: ["/opt/plugin"] } },
    memory: { search: { extraPaths: ["/notes", { path: "/more" }] } },
    agents: { defaults: { memorySearch: { extraPaths: ["/old-notes"] } } },
    secrets: {
      providers: {
        files: { source: "file", path: "~/secrets.json" },
        vault: { source: "exec", command: "/usr/bin/vault" },
      },
    },
    channels: {
      whatsapp: { accounts: { biz: { authDir: "/wa" } } },
      signal: { transport: { configPath: "/signal" } },
      telegram: { tokenFile: "/tg" },
    },
  });
  expect(facts.others.map(({ kind, path }) => `${kind} ${path}`).toSorted()).toEqual([
    "credentials /wa",
    "memory /more",
    "memory /notes",
    "memory /old-notes",
    "plugins /opt/plugin",
    "script /usr/bin/vault",
    "secret /tg",
    `secret ${home}/secrets.json`,
    `sessions ${home}/sessions`,
    "signal /signal",
    `skills ${home}/skills`,
  ]);
  expect(facts.files.map(({ kind }) => kind)).toEqual(["config", "secret"]);
});

test("variables: the environment, then the state's .env, then the configuration's own", async () => {
  await put(".openclaw/.env", "export B='from-file'\nC=x # comment\n");
  const config = {
    env: { vars: { A: "inline", B: "inline", D: "inline" } },
    agents: {
      list: ["/${A}", "/${B}", "/${C}", "/${D}", "/$${A}", "/${NONE}"].map((workspace, id) => {
        return { id: `${id}`, workspace };
      }),
    },
  };
  const facts = await read(config, { A: "from-env" });
  expect(paths(facts.workspaces)).toEqual(["/from-env", "/from-file", "/x", "/inline", "/${A}"]);
  expect(facts.problems).toEqual([
    { path: "agents.list.5.workspace", message: expect.stringContaining("NONE has no value") },
  ]);
});

test("includes: single, lists, nested, relative to the including file, own keys win", async () => {
  await put(".openclaw/parts/agents.json5", "{ $include: './more.json5', list: [{ id: 'a' }] }");
  await put(
    ".openclaw/parts/more.json5",
    "{ defaults: { workspace: '/more' }, list: [{ id: 'b' }] }",
  );
  await put(".openclaw/port.json5", "{ port: 1 }");
  await put("outside.json", { plugins: { entries: { p: {} } } });
  const facts = await read(`{
    $include: ["~/outside.json"],
    agents: { $include: "./parts/agents.json5" },
    gateway: { $include: "port.json5", port: 2 },
  }`);
  expect(facts).toMatchObject({ problems: [], gatewayPort: 2, plugins: ["p"], agents: ["b", "a"] });
  expect(paths(facts.workspaces)).toEqual(["/more"]);
  expect(facts.files.map(({ path }) => path).toSorted()).toEqual([
    `${home}/.openclaw/openclaw.json`,
    `${home}/.openclaw/parts/agents.json5`,
    `${home}/.openclaw/parts/more.json5`,
    `${home}/.openclaw/port.json5`,
    `${home}/outside.json`,
  ]);
});

test("F15 a missing include is a problem, and the rest is read", async () => {
  const facts = await read("{ a: { $include: './gone.json5' }, gateway: { port: 3 } }");
  expect(facts.problems).toEqual([
    {
      path: `${home}/.openclaw/gone.json5`,
      message: expect.stringContaining("Unresolved reference"),
    },
  ]);
  expect([facts.parsed, facts.gatewayPort]).toEqual([true, 3]);
});

test("includes that go round or too deep end", async () => {
  await put(".openclaw/a.json", { $include: "b.json", x: 1 });
  await put(".openclaw/b.json", { $include: "a.json" });
  for (let level = 0; level < 20; level += 1) {
    await put(`.openclaw/deep${level}.json`, { $include: `deep${level + 1}.json` });
  }
  const facts = await read({ one: { $include: "a.json" }, two: { $include: "deep0.json" } });
  expect(facts.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    `${home}/.openclaw/a.json: Unresolved reference: it includes itself.`,
    `${home}/.openclaw/deep10.json: Unresolved reference: too many or too deep includes.`,
  ]);
  const fan = Object.fromEntries(
    "a b c d e f g h".split(" ").map((key) => [key, { $include: "fan1.json" }]),
  );
  for (let level = 1; level < 10; level += 1) {
    const next = JSON.stringify(fan).replaceAll("fan1", `fan${level + 1}`);
    await put(`.openclaw/fan${level}.json`, next);
  }
  expect((await read(fan)).problems.length).toBeGreaterThan(0);
});

test.each([
  ["truncated", `{ agents: { defaults: { workspace: "/w" }, list: [{ agentDir: '/d', na`],
  ["a brace too few", `{"agents": {"defaults": {"workspace": "/w", "x": {"agentDir": "/d"}}}`],
  ["a stray word", `{ oops agents: { defaults: { "workspace" : "/w" } }, 'agentDir': "/d" }`],
  ["merge markers", `<<<<<<<\n{ workspace: "/w", agentDir: "/d" }`],
])("F15 malformed (%s): its paths are made out", async (_, text) => {
  const facts = await read(text);
  expect(facts).toMatchObject({ present: true, parsed: false });
  expect(paths(facts.workspaces)).toEqual(["/w"]);
  expect(paths(facts.agentDirs)).toEqual(["/d"]);
  expect(facts.problems[0]?.message).toContain("malformed");
});

test("F15 malformed: the last good one beside it fills in", async () => {
  await put(".openclaw/openclaw.json.last-good", {
    agents: { entries: { a: { workspace: "/w" } } },
    channels: { telegram: { botToken: "t" } },
  });
  await put(".openclaw/more.json5", "{ list: [{ id: 'x', workspace: '/x' }] }");
  const facts = await read("{ agents: { $include: './more.json5' ");
  expect(facts).toMatchObject({ parsed: false, agents: ["a"] });
  expect(facts.channels).toMatchObject([{ channel: "telegram" }]);
  expect(paths(facts.workspaces)).toEqual(["/w"]);
  expect(facts.files.map(({ kind }) => kind)).toEqual(["config", "include"]);
});

test.each([
  ["binary", Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 256)],
  ["empty", ""],
  ["null", "null"],
  ["a list", "[1, 2]"],
  [
    "odd shapes",
    `{ agents: [], channels: "x", gateway: null, plugins: 7, meta: [], $include: {} }`,
  ],
  ["a prototype", `{ "__proto__": { "agents": 1 }, agents: { list: [null, 1, {}] } }`],
  ["very deep", "[".repeat(50_000)],
  ["deep objects", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
])("never throws: %s", async (_, content) => {
  expect(await read(content)).toMatchObject({ present: true, workspaces: [], agents: [] });
});

test("never throws for any text", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
      expect((await read(text)).present).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("no configuration at all is no problem", async () => {
  const stateDir = join(home, ".openclaw");
  const instance = {
    name: "default",
    stateDir,
    realStateDir: stateDir,
    configPath: undefined,
    home,
  };
  const facts = await readConfig(instance, { OPENCLAW_WORKSPACE_DIR: "/env-workspace" });
  expect(facts).toMatchObject({ present: false, parsed: false, problems: [], files: [] });
  expect(paths(facts.workspaces)).toEqual(["/env-workspace"]);
});

test("facts and problems hold no secret", async () => {
  const secret = "hunter2-hunter2";
  const config = {
    gateway: { auth: { token: secret }, remote: { passwordFile: "/p" } },
    env: { vars: { KEY: secret } },
    channels: {
      telegram: { botToken: secret, accounts: { b: { botToken: "${KEY}" } } },
      slack: { botToken: { source: "env", provider: "default", id: "SLACK" } },
      discord: { token: "${UNSET_TOKEN}" },
    },
  };
  for (const text of [JSON.stringify(config), `${JSON.stringify(config)}!${secret}`]) {
    expect(JSON.stringify(await read(text))).not.toContain(secret);
  }
  expect((await read(config)).channels).toEqual([
    { channel: "telegram", account: "default", enabled: true, where: "config", present: true },
    { channel: "telegram", account: "b", enabled: true, where: "environment (KEY)", present: true },
    {
      channel: "slack",
      account: "default",
      enabled: true,
      where: "secret reference",
      present: true,
    },
    {
      channel: "discord",
      account: "default",
      enabled: true,
      where: "environment (UNSET_TOKEN)",
      present: false,
    },
  ]);
});
