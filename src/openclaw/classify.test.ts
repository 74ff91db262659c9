import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { makeLayoutA, makeLayoutB, makeLayoutC } from "../../test/fixtures/instances.ts";
import { classify } from "./classify.ts";
import type { NestedScope } from "./classify.ts";

const scratch = await mkdtemp(join(tmpdir(), "clawback-classify-"));
afterAll(() => rm(scratch, { recursive: true, force: true }));

test.each([
  // The layout of the guides
  ["gateway.db", "database irreplaceable secret"],
  ["gateway.db-wal", "database irreplaceable secret"],
  ["sessions/abc.jsonl", "sessions irreplaceable secret"],
  ["credentials/oauth.json", "credentials irreplaceable secret"],
  // 2026.3
  ["openclaw.json", "config irreplaceable secret"],
  ["clawdbot.json", "config irreplaceable secret"],
  ["agents/main/sessions/sessions.json", "sessions irreplaceable secret"],
  ["agents/main/sessions/x.jsonl", "sessions irreplaceable secret"],
  ["agents/main/agent/auth-profiles.json", "credentials irreplaceable secret"],
  ["memory/main.sqlite", "database irreplaceable secret"],
  ["cron/jobs.json", "cron irreplaceable"],
  ["cron/jobs.json.bak", "cron irreplaceable"],
  ["cron/runs/a.jsonl", "cron painful"],
  ["devices/paired.json", "credentials irreplaceable secret"],
  ["identity/device.json", "credentials irreplaceable secret"],
  ["exec-approvals.json", "config irreplaceable secret"],
  ["credentials/whatsapp/default/creds.json", "credentials irreplaceable secret"],
  ["logs/commands.log", "other painful"],
  ["update-check.json", "other rebuildable"],
  // 2026.9
  ["openclaw.json.bak.4", "config painful secret"],
  ["openclaw.json.last-good", "config painful secret"],
  [".env", "config irreplaceable secret"],
  ["config-journal-fingerprint.key", "config irreplaceable secret"],
  ["state/openclaw.sqlite", "database irreplaceable secret"],
  ["agents/a/agent/openclaw-agent.sqlite", "database irreplaceable secret"],
  ["agents/a/agent/openclaw-agent.sqlite-wal", "database irreplaceable secret"],
  ["agents/a/sessions/cold/x.jsonl.zst", "sessions irreplaceable secret"],
  ["matrix/accounts/a/s__u/0/store.db", "credentials irreplaceable secret"],
  ["workspace/SOUL.md", "workspace irreplaceable"],
  ["workspace/skills/tea/SKILL.md", "skills irreplaceable"],
  ["workspace-work/npm/x", "workspace irreplaceable"],
  ["workspace/tools/x.sh", "workspace irreplaceable"],
  ["workspace/x.lock.sqlite", "workspace irreplaceable"],
  ["skills/mine/SKILL.md", "skills irreplaceable"],
  ["extensions/mine/index.js", "other irreplaceable"],
  // What nobody foresaw
  ["cron-log.db", "database irreplaceable secret"],
  ["something/else/entirely", "other irreplaceable"],
  ["agents/a/npm/x", "other irreplaceable"],
  ["skills/npm/cache/x", "skills irreplaceable"],
])("%s: %s, captured", (path, expected) => {
  const { component, pain, secret, leaveOut } = classify("state", path, false);
  expect([component, pain, secret ? "secret" : ""].join(" ").trim()).toBe(expected);
  expect(leaveOut).toBeUndefined();
});

test.each([
  ["npm", true],
  ["npm-runtime", true],
  ["git", true],
  ["dev", true],
  ["tools", true],
  ["cache", true],
  ["tmp", true],
  ["plugin-skills", true],
  ["extensions/mine/node_modules", true],
  ["npm/projects/x/package.json", false],
  ["tmp/openclaw-0/gateway.state.lock", false],
  ["state/openclaw-quarantine.sqlite", false],
  ["agents/a/agent/openclaw-agent.sqlite.reindex-lock.sqlite", false],
  ["agents/a/agent/openclaw-agent.sqlite.reindex-lock.sqlite-journal", false],
  ["agents/a/agent/openclaw-agent.sqlite.generation-lock.sqlite", false],
  ["agents/a/agent/openclaw-agent.sqlite.generation-writer.sqlite", false],
  ["agents/a/agent/openclaw-agent.sqlite.memory-reindex-87ac0d60", false],
  ["agents/a/sessions/x.jsonl.lock", false],
  ["sessions/x.jsonl.lock", false],
  ["browser/openclaw/user-data/SingletonLock", false],
])("F3 %s stays out, and says why", (path, isDirectory) => {
  const { leaveOut, pain } = classify("state", path, isDirectory);
  expect(leaveOut).toMatch(/\w/);
  expect(pain).toBe("rebuildable");
});

test.each([
  ["openclaw.json", "json5 required"],
  [".env", "required"],
  ["openclaw.json.bak", ""],
  ["state/openclaw.sqlite", "required holds config credentials sessions cron"],
  ["state/openclaw.sqlite-wal", "required holds config credentials sessions cron"],
  ["agents/a/agent/openclaw-agent.sqlite", "required holds credentials sessions"],
  ["gateway.db", "required holds sessions cron"],
  ["memory/main.sqlite", ""],
  ["agents/a/sessions/s.jsonl", "jsonl"],
  ["sessions/archive/s.jsonl", "jsonl"],
  ["agents/a/sessions/sessions.json", "json"],
  ["agents/a/agent/auth-profiles.json", "json"],
  ["cron/jobs.json", "json"],
  ["cron/runs/a.jsonl", "jsonl"],
  ["credentials/whatsapp/default/creds.json", "json"],
  ["credentials/whatsapp/default/pre-key-1.json", ""],
  ["identity/device.json", "json"],
  ["devices/paired.json", "json"],
  ["workspace/data.json", ""],
  ["workspace/log.jsonl", ""],
  ["service-env/gateway.env", "this machine's"],
  ["state/x.lock.sqlite", "this machine's"],
])("%s: what else is known", (path, expected) => {
  const found = classify("state", path, false);
  const words = [
    found.content ?? "",
    found.required ? "required" : "",
    found.machineBound ? "this machine's" : "",
    found.holds.length > 0 ? `holds ${found.holds.join(" ")}` : "",
  ];
  expect(words.filter((word) => word !== "").join(" ")).toBe(expected);
});

test("a directory has no content to parse", () => {
  expect(classify("state", "agents/a/sessions/x.jsonl", true).content).toBeUndefined();
});

test("a file or link named like a directory of plugins is captured", () => {
  expect(classify("state", "tools", false).leaveOut).toBeUndefined();
});

test("F11 node_modules in a workspace stays out only beside a package.json", () => {
  const beside = (name: string) => name === "package.json";
  expect(classify("workspace", "a/node_modules", true, beside).leaveOut).toMatch(/npm install/);
  expect(classify("state", "workspace/node_modules", true, beside).leaveOut).toMatch(/npm install/);
  expect(classify("workspace", "a/node_modules", true).leaveOut).toBeUndefined();
  expect(classify("workspace", "a/node_modules", false, beside).leaveOut).toBeUndefined();
});

test("what the configuration places in a directory of plugins is captured", () => {
  const nested: NestedScope[] = [
    { path: "tools/mine/ws", scope: "workspace", component: "workspace", secret: false },
    { path: "tools/mine/ws/a", scope: "agentDir", component: "database", secret: false },
  ];
  const at = (path: string, isDirectory = false) =>
    classify("state", path, isDirectory, undefined, nested);
  expect(at("tools", true).leaveOut).toBeUndefined();
  expect(at("tools/mine", true).leaveOut).toBeUndefined();
  expect(at("tools/mine/ws/SOUL.md")).toMatchObject({ component: "workspace" });
  expect(at("tools/mine/ws/a/openclaw-agent.sqlite")).toMatchObject({ component: "database" });
  expect(at("tools/other", true).leaveOut).toBeDefined();
});

test.each([
  ["A", makeLayoutA],
  ["B", makeLayoutB],
  ["C", makeLayoutC],
])("layout %s: a walk takes what must come back and leaves out the rest", async (name, make) => {
  const made = await make(join(scratch, name));
  const taken: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(join(made.stateDir, directory), { withFileTypes: true });
    const has = (sibling: string) => entries.some((entry) => entry.name === sibling);
    for (const entry of entries) {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (classify("state", path, entry.isDirectory(), has).leaveOut !== undefined) continue;
      if (entry.isDirectory()) await walk(path);
      else taken.push(path);
    }
  };
  await walk("");
  expect(taken.toSorted()).toEqual(made.kept.toSorted());
});

test("an allow-list it is not: invented names are captured", () => {
  const name = fc.stringMatching(/^[a-z]{3,12}$/).map((text) => `zz${text}`);
  const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));
  fc.assert(
    fc.property(path, fc.boolean(), (invented, isDirectory) => {
      const { component, leaveOut } = classify("state", invented, isDirectory);
      expect([component, leaveOut]).toEqual(["other", undefined]);
    }),
  );
});

test("in a workspace nothing is left out by its name", () => {
  const known = fc.constantFrom("npm", "tools", "cache", "tmp", "git", "dev", "x.lock.sqlite");
  const segment = fc.oneof(known, fc.stringMatching(/^[^/\0]{1,12}$/));
  const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));
  fc.assert(
    fc.property(path, fc.boolean(), (any, isDirectory) => {
      expect(classify("workspace", any, isDirectory).leaveOut).toBeUndefined();
    }),
  );
});

test("long and starry names take no longer than they should", () => {
  const path = `plugins/${"a.sqlite.".repeat(200)}/${"x/".repeat(500)}y`;
  const start = performance.now();
  for (let i = 0; i < 100; i += 1) classify("state", path, false);
  expect(performance.now() - start).toBeLessThan(5_000);
});
