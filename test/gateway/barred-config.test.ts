import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "json5";
import { expect, test } from "vitest";
import { BARRED_CONFIG } from "../../src/openclaw/barred-config.ts";
import { openclaw, peerTest } from "../peers/peers.ts";

const TOKEN = { OPENCLAW_GATEWAY_TOKEN: "a-token" };
const UNCONFIGURED = ["--allow-unconfigured", "--bind", "loopback"];
const GOOD = { gateway: { mode: "local", auth: { mode: "token", token: "a-token" } } };

test("it is a configuration as far as its form goes, and tells a person what to do", () => {
  expect(parse(BARRED_CONFIG)).toHaveProperty("clawback");
  expect(BARRED_CONFIG).toContain("clawback snapshots");
});

interface Way {
  args?: string[];
  env?: Record<string, string>;
  /** More files of the state directory. */
  files?: Record<string, string>;
}

/** Starts a gateway on a state directory that holds the barred configuration. */
async function start(program: string, { args = [], env = {}, files = {} }: Way) {
  const root = await mkdtemp(join(tmpdir(), "clawback-barred-"));
  const state = join(root, "home/.openclaw");
  await mkdir(state, { recursive: true });
  await mkdir(join(root, "tmp"));
  const all = { "openclaw.json": BARRED_CONFIG, ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(state, name), text);
  const gateway = spawn(process.execPath, [program, "gateway", "run", "--port", "1", ...args], {
    env: {
      HOME: join(root, "home"),
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      TMPDIR: join(root, "tmp"),
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: join(tmpdir(), "clawback-lab-compile-cache"),
      ...env,
    },
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const [said] = await Promise.all([gateway.stderr.toArray(), once(gateway, "close")]);
    const left = readdirSync(join(root, "home"), { recursive: true, encoding: "utf8" });
    const wanted = [".openclaw", ...Object.keys(all).map((name) => join(".openclaw", name))];
    expect(left.sort()).toEqual(wanted.sort());
    for (const [name, text] of Object.entries(all)) {
      expect(readFileSync(join(state, name), "utf8")).toBe(text);
    }
    return { code: gateway.exitCode, said: Buffer.concat(said as Buffer[]).toString() };
  } finally {
    gateway.kill("SIGKILL");
    await rm(root, { recursive: true });
  }
}

peerTest(
  "the real OpenClaw refuses to start with it, and makes or mends nothing",
  openclaw,
  async (program) => {
    const good = JSON.stringify(GOOD);
    const ways: Way[] = [
      { args: UNCONFIGURED, env: TOKEN },
      {
        args: UNCONFIGURED,
        env: { ...TOKEN, OPENCLAW_SERVICE_MARKER: "openclaw" },
        files: { "openclaw.json.last-good": good, "openclaw.json.bak": good },
      },
    ];
    const answers = await Promise.all(ways.map((way) => start(program, way)));
    for (const { code, said } of answers) {
      expect(said).toContain("is older than the config last written by OpenClaw 9999.1.1");
      expect(code).toBeGreaterThan(0);
    }
  },
);
