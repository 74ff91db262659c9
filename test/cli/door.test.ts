import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bin, Sandbox } from "./clawback.ts";

/** A Node.js of the system that is too old for Clawback, if there is one. */
function oldNode(): string | undefined {
  const candidates = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((dir) => !dir.includes("node_modules"))
    .map((dir) => join(dir, "node"));
  return candidates.find((node) => {
    try {
      const version = String(
        execFileSync(node, ["--version"], { stdio: ["ignore", "pipe", "ignore"] }),
      );
      return Number.parseInt(version.slice(1), 10) < 24;
    } catch {
      return false;
    }
  });
}

const ownNode = `node-${process.platform}-${process.arch}`;
const old = oldNode();
let root: string;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  // A package as npm installs it: no development dependencies beside it.
  root = await realpath(await mkdtemp(join(tmpdir(), "clawback-door-")));
  await mkdir(join(root, "bin"));
  await cp(bin, join(root, "bin/clawback.js"));
  await writeFile(join(root, "package.json"), '{"type":"module"}');
});
afterAll(async () => {
  await rm(root, { recursive: true });
  await sandbox[Symbol.asyncDispose]();
});

function run(node: string, argv: string[], env: Record<string, string> = {}) {
  try {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const script = join(root, "bin/clawback.js");
    return { stdout: String(execFileSync(node, [script, ...argv], { stdio: [...stdio], env })) };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { code: status, stderr: String(stderr) };
  }
}

test("not built: says how", () => {
  expect(run(process.execPath, ["backup"])).toEqual({
    code: 1,
    stderr: "error: Clawback is not built: dist/cli/main.js is missing\nhint: npm run build\n",
  });
});

test.skipIf(old === undefined)("an old Node.js is told what to type (needs one in PATH)", () => {
  const { code, stderr } = run(old ?? "", ["backup", "--tag", "before update"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: Clawback needs Node\.js 24\.16 or newer, and this is v\d/u);
  expect(stderr).toContain(
    `hint: npx --yes --package=node@24 -- node ${root}/bin/clawback.js backup --tag 'before update'\n`,
  );
});

test.skipIf(old === undefined)(
  "an old Node.js steps back for the one that was installed along (needs one in PATH)",
  async () => {
    const home = join(root, "node_modules", ownNode);
    await mkdir(join(home, "bin"), { recursive: true });
    await mkdir(join(root, "dist/cli"), { recursive: true });
    await symlink(process.execPath, join(home, "bin/node"));
    await writeFile(join(home, "package.json"), JSON.stringify({ version: process.versions.node }));
    await writeFile(
      join(root, "dist/cli/main.js"),
      `export function main() {
        console.log(process.version, ...process.argv.slice(2));
        if (process.argv[2] === "die") process.kill(process.pid, "SIGKILL");
        process.exitCode = 7;
      }`,
    );
    try {
      expect(run(old ?? "", ["a b"])).toMatchObject({ code: 7 });
      expect(run(old ?? "", ["die"])).toMatchObject({ code: null });
    } finally {
      await rm(join(root, "node_modules"), { recursive: true });
      await rm(join(root, "dist"), { recursive: true });
    }
  },
);

const checkout = existsSync(join(dirname(dirname(bin)), "node_modules", ownNode, "bin/node"));
test.skipIf(old === undefined || !checkout)(
  "the Node.js that was installed along runs it all",
  async () => {
    const { stderr, code } = await sandbox.run(["bakup"], { node: old ?? "" });
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'bakup'");
  },
);
