import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CopyRoot, InstanceCopy } from "../openclaw/instance-copy.ts";
import { environmentOf } from "./environment.ts";

let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "clawback-environment-"));
});

afterEach(() => rm(top, { recursive: true, force: true }));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), content);
}

function copyOf(
  files: Record<string, CopyRoot["kind"]>,
  more: Partial<InstanceCopy> = {},
): InstanceCopy {
  const common = { component: "other" as const, secret: false, nested: [] };
  const roots = Object.entries({ "/home/a/.openclaw": "state" as const, ...files });
  return {
    stateDir: "/home/a/.openclaw",
    configPath: "/home/a/.openclaw/openclaw.json",
    home: "/home/a",
    roots: roots.map(([path, kind]) => {
      return { kind, path, realPath: path, isDirectory: kind === "state", ...common };
    }),
    at: (path) => join(top, path),
    ...more,
  };
}

test("what the configuration asks for comes from the copy's own files, the rest is made up", async () => {
  const secretRef = `{ source: "env", provider: "default", id: "FROM_UNIT" }`;
  const config = `{ a: "\${FROM_FILE}", b: "\${FROM_DOTENV}", c: "\${NOWHERE}", d: ${secretRef} }`;
  await put("/home/a/.openclaw/openclaw.json", config);
  await put("/home/a/.openclaw/.env", "FROM_DOTENV=1\n");
  await put("/home/a/gateway.env", "FROM_FILE=two\nUNASKED=x\n");
  await put("/home/a/x.service", `[Service]\nEnvironment="FROM_UNIT=a b" PATH=/opt\n`);
  const copy = copyOf({ "/home/a/gateway.env": "environment", "/home/a/x.service": "service" });
  const { env, invented } = await environmentOf(copy);
  expect(invented).toEqual(["NOWHERE"]);
  expect(env).toMatchObject({ FROM_FILE: "two", FROM_UNIT: "a b", NOWHERE: "clawback-stand-in" });
  for (const name of ["UNASKED", "PATH", "FROM_DOTENV", "OPENCLAW_STATE_DIR"]) {
    expect(env).not.toHaveProperty(name);
  }
});

test("places that OpenClaw would not look at are named to it", async () => {
  const copy = copyOf(
    { "/srv/shared/more.json5": "include" },
    { home: "/home/b", configPath: "/etc/claw.json" },
  );
  const { env } = await environmentOf(copy);
  expect(env).toMatchObject({
    HOME: "/home/b",
    OPENCLAW_STATE_DIR: "/home/a/.openclaw",
    OPENCLAW_CONFIG_PATH: "/etc/claw.json",
    OPENCLAW_INCLUDE_ROOTS: "/srv/shared",
  });
});
