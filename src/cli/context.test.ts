import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContext } from "./context.ts";
import type { GlobalOptions } from "./globals.ts";
import type { Io } from "./io.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-context-"));
});
afterAll(() => rm(home, { recursive: true }));

async function settings(source: string): Promise<void> {
  await mkdir(join(home, ".config/clawback"), { recursive: true });
  await writeFile(join(home, ".config/clawback/config.json5"), source);
}

function context(flags: GlobalOptions, env: Record<string, string> = {}) {
  const io = {
    argv: [],
    env,
    home,
    cwd: "/some/dir",
    stdin: {},
    stdout: {},
    stderr: { write: () => true },
    signal: new AbortController().signal,
    now: () => new Date(0),
    secrets: new Set<string>(),
  } as unknown as Io;
  return createContext(io, flags, {
    redact: (text) => text,
    keepSecret: (secret) => io.secrets.add(secret),
    warningLabel: "warning:",
  });
}

test("the repository: flag, then variable, then settings, then the default place", async () => {
  await settings("{}");
  const place = join(home, ".local/share/clawback/repository");
  expect(await context({})).toMatchObject({ location: place, locationGiven: false });
  await settings("{ repository: '~/nas' }");
  const env = { CLAWBACK_REPO: "s3:bucket/x" };
  expect(await context({})).toMatchObject({ location: join(home, "nas"), locationGiven: true });
  expect((await context({}, { CLAWBACK_REPO: "" })).location).toBe(join(home, "nas"));
  expect((await context({}, env)).location).toBe("s3:bucket/x");
  expect((await context({ repo: "here" }, env)).location).toBe("/some/dir/here");
});

test("the instance: the first place that names one wins as a whole", async () => {
  await settings("{ stateDir: '/from/settings' }");
  const env = { CLAWBACK_STATE_DIR: "/from/env", OPENCLAW_STATE_DIR: "/openclaw" };
  expect((await context({ profile: "work" }, env)).instance).toEqual({ profile: "work" });
  expect((await context({}, env)).instance).toEqual({ stateDir: "/from/env" });
  // OpenClaw's own variable stands above our settings; it is read where instances are found.
  expect((await context({}, { OPENCLAW_STATE_DIR: "/openclaw" })).instance).toEqual({});
  expect((await context({})).instance).toEqual({ stateDir: "/from/settings" });
  await expect(context({ stateDir: "a", profile: "b" })).rejects.toMatchObject({ code: "E_USAGE" });
});

test("the password: flag, then variable, then settings; kept out of messages from then on", async () => {
  await settings("{ passwordCommand: 'echo from-settings' }");
  const env = { CLAWBACK_PASSWORD: "from-env" };
  const flag = { passwordCommand: "echo from-flag" };
  expect(await (await context(flag, env)).passwords()).toEqual(["from-flag"]);
  expect(await (await context({}, env)).passwords()).toEqual(["from-env"]);
  expect(await (await context({})).passwords()).toEqual(["from-settings"]);
});

test("switches: a flag beats the opposite variable", async () => {
  await settings("{}");
  const env = { CLAWBACK_VERBOSE: "1", CLAWBACK_JSON: "0", CLAWBACK_YES: "true" };
  expect(await context({}, env)).toMatchObject({
    verbose: true,
    quiet: false,
    json: false,
    yes: true,
  });
  expect(await context({ quiet: true, json: true }, env)).toMatchObject({
    verbose: false,
    quiet: true,
    json: true,
  });
});

test("settings that are named must be there", async () => {
  await expect(context({ config: "none.json5" })).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining("/some/dir/none.json5"),
  });
});

test("how long to wait for a lock", async () => {
  await settings("{}");
  expect((await context({})).lockWaitMs).toBe(60_000);
  expect((await context({}, { CLAWBACK_LOCK_WAIT: "5m" })).lockWaitMs).toBe(300_000);
  await expect(context({ lockWait: "soon" })).rejects.toMatchObject({ code: "E_USAGE" });
});
