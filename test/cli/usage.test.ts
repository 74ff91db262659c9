import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "./clawback.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.create();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const run = (line: string, env: Record<string, string> = {}) =>
  sandbox.run(line.split(" ").filter(Boolean), { env });

test("--help", async () => {
  const { stdout, stderr, code } = await run("--help");
  expect(stdout).toMatchSnapshot();
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(82);
});

test("the help of a command shows its own options and the global ones", async () => {
  const { stdout, code } = await run("backup --help");
  expect(stdout).toMatchSnapshot();
  expect(code).toBe(0);
  expect((await run("help backup")).stdout).toBe(stdout);
});

test("every command has help, with a first line that tells what it does", async () => {
  const names = (await run("--help")).stdout.matchAll(/^ {2}([a-z]+) .*? {2,}\S/gmu);
  for (const [, name = ""] of names) {
    if (name === "help") continue;
    const { stdout, code } = await run(`${name} --help`);
    expect(stdout).toMatch(new RegExp(`^Usage: clawback ${name}\\b.*\\n\\n[A-Z].+`, "u"));
    expect(code).toBe(0);
  }
});

test("--version", async () => {
  expect(await run("--version")).toMatchObject({
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/u),
    code: 0,
  });
});

test.each([
  ["bakup", "error: unknown command 'bakup' (E_USAGE)\nhint: Did you mean backup?\n"],
  [
    "backup --dryrun",
    "error: unknown option '--dryrun' (E_USAGE)\nhint: Did you mean --dry-run?\n",
  ],
  [
    "snapshots --zzz",
    "error: unknown option '--zzz' (E_USAGE)\nhint: See: clawback snapshots --help\n",
  ],
  ["diff", "error: missing required argument 'from' (E_USAGE)\nhint: See: clawback diff --help\n"],
  [
    "restore latest",
    "error: restore needs to know where to (E_USAGE)\nhint: Name an empty or new directory with --target <dir>, or say --in-place.\n",
  ],
  [
    "check --read-data-subset 120%",
    "error: --read-data-subset 120%: not a share of the data (E_USAGE)\nhint: Give a percentage above 0% and up to 100%, like 10%.\n",
  ],
  [
    "snapshots --quiet --verbose",
    "error: option '-q, --quiet' cannot be used with option '-v, --verbose' (E_USAGE)\nhint: See: clawback snapshots --help\n",
  ],
])("clawback %s is a usage error", async (line, stderr) => {
  expect(await run(line)).toEqual({ stdout: "", stderr, code: 2 });
});

test("no command: help on stderr, for a script must not take that for success", async () => {
  const { stdout, stderr, code } = await run("");
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toMatch(/^Usage: clawback [\s\S]*error: no command was given \(E_USAGE\)/u);
});

test("with --json the error is the document", async () => {
  const document = {
    version: 1,
    error: { code: "E_USAGE", message: "unknown option '--nope'", hint: expect.any(String) },
  };
  for (const { stdout, code } of [
    await run("backup --json --nope"),
    await run("backup --nope", { CLAWBACK_JSON: "1" }),
  ]) {
    expect(JSON.parse(stdout)).toEqual(document);
    expect(code).toBe(2);
  }
});

test("a setting that is not known is refused, with the one that was meant", async () => {
  await writeFile(join(sandbox.home, "mine.json5"), "{ repositry: '/srv/b' }");
  expect(await run("snapshots --config mine.json5")).toEqual({
    stdout: "",
    stderr: `error: ~/mine.json5: unknown setting "repositry" (E_USAGE)\nhint: Did you mean "repository"?\n`,
    code: 2,
  });
});

test("colour only where it is wanted", async () => {
  expect((await run("bakup")).stderr).not.toContain("\u001b");
  expect((await run("bakup", { FORCE_COLOR: "1" })).stderr).toContain("\u001b[31merror:");
});
