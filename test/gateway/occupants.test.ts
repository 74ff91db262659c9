import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { occupantsIn } from "../../src/gateway/occupants-lsof.ts";
import { occupantsOf } from "../../src/gateway/occupants.ts";
import type { Occupancy } from "../../src/gateway/occupant.ts";
import { noMountNamespaces } from "./mount-namespaces.ts";

const SECRET = "--token=a-secret";
let root: string;
let state: string;
let children: ChildProcess[];

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "clawback-occupants-")));
  state = join(root, "state");
  await mkdir(join(state, "deep"), { recursive: true });
  await mkdir(join(root, "state-beside"));
  await writeFile(join(state, "deep/file"), "content");
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  await rm(root, { recursive: true });
});

/** Runs a shell's words, which say `ready` and stay. */
async function start(script: string, cwd = root, before: string[] = []): Promise<number> {
  const [program, ...args] = [...before, "sh", "-c", `${script}; echo ready; read x`, "sh"];
  const child = spawn(program, [...args, SECRET], { cwd, stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child.pid ?? 0;
}

test.for([
  ["working directory", "cd deep", "deep"],
  ["open file", "exec 3< deep/file; cd /", "deep/file"],
  ["open file", "exec 3< deep/file; rm deep/file; cd /", "deep/file"],
] as const)("a process with its %s there is named (%s), without arguments", async (row) => {
  const [how, script, path] = row;
  const pid = await start(script, state);
  const { occupants } = await occupantsOf([state]);
  const command = expect.stringMatching(/^(?:da|ba)?sh$/);
  expect(occupants).toEqual([{ pid, command, how, path: join(state, path) }]);
  expect(JSON.stringify(occupants)).not.toContain(SECRET);
});

test("the one that has only mapped a file is named", async () => {
  const program = join(state, "program");
  const script = `cp "$(readlink /proc/$$/exe)" ${program}; cd /; exec ${program} -c 'echo ready; read x'`;
  const pid = await start(script, state);
  const { occupants } = await occupantsOf([state]);
  expect(occupants).toEqual([{ pid, command: "program", how: "mapped", path: program }]);
});

test("who is beside it, and what is ours, is none", async () => {
  await start(":", join(root, "state-beside"));
  await start(":", state);
  expect(await occupantsOf([state], { besides: [process.pid] })).toMatchObject({ occupants: [] });
  expect((await occupantsOf([state])).occupants).toHaveLength(1);
  expect((await occupantsOf([join(root, "nowhere")])).occupants).toEqual([]);
});

test("who works on in what was removed as a whole is named", async () => {
  const pid = await start("exec 3< deep/file", state);
  await rm(state, { recursive: true });
  expect((await occupantsOf([state])).occupants).toMatchObject([{ pid, how: "working directory" }]);
  expect((await occupantsOf([join(state, "deep")])).occupants).toMatchObject([{ pid }]);
});

test("a link to the directory is that directory", async () => {
  const link = join(root, "link");
  await symlink(state, link);
  const pid = await start(":", state);
  expect((await occupantsOf([link])).occupants).toMatchObject([{ pid, path: state }]);
});

const isRoot = process.getuid?.() === 0;
const lacking = isRoot ? noMountNamespaces() : "only root can";
test(
  `one that has it mounted elsewhere, in a mount namespace of its own, is named by our names (${lacking ?? "as root"})`,
  { skip: lacking !== undefined },
  async () => {
    const there = join(root, "in the container");
    await mkdir(there);
    const script = `mount --bind ${state} '${there}' && cd '${there}/deep'`;
    const pid = await start(script, root, ["unshare", "--mount", "--propagation", "private"]);
    const { occupants } = await occupantsOf([state]);
    expect(occupants).toMatchObject([{ pid, path: join(state, "deep") }]);
  },
);

test("whom an ordinary user may not look into is counted", { skip: !isRoot }, async () => {
  await start(":", state);
  const url = new URL("../../src/gateway/occupants.ts", import.meta.url).href;
  const script = `import { occupantsOf } from ${JSON.stringify(url)};
    process.setgid(65534); process.setgroups([]); process.setuid(65534);
    console.log(JSON.stringify(await occupantsOf([${JSON.stringify(root)}])));`;
  const file = join(root, "asking.mts");
  await writeFile(file, script);
  await start(":");
  const asking = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await Promise.all([asking.stdout.toArray(), once(asking, "close")]);
  const { occupants, unseen } = JSON.parse(Buffer.concat(said as Buffer[]).toString()) as Occupancy;
  expect(occupants.map(({ pid }) => pid)).not.toContain(children[0]?.pid);
  expect(unseen).toBeGreaterThanOrEqual(2);
});

test("what lsof lists is read: one entry a process, ours and their children left out", () => {
  const text = [
    "p10 R1 cnode fcwd n/ ftxt n/state/program f4 n/state/x",
    "p11 R1 cvim f4 n/state-beside/x",
    "p12 R1 czsh fcwd n/state",
    "p20 R1 cclawback fcwd n/state",
    "p21 R20 cnode f9 n/state/x",
    "p30 R1 ccat f0 npipe f3 n/state/deep/file",
  ]
    .join(" ")
    .replaceAll(" ", "\n");
  expect(occupantsIn(text, ["/state"], new Set([20]))).toEqual([
    { pid: 10, command: "node", how: "mapped", path: "/state/program" },
    { pid: 12, command: "zsh", how: "working directory", path: "/state" },
    { pid: 30, command: "cat", how: "open file", path: "/state/deep/file" },
  ]);
});

test("without /proc, what lsof knows (or nothing, and it says so)", async () => {
  const pid = await start(":", state);
  const { occupants, unseen } = await occupantsOf([state], { platform: "darwin" });
  expect(unseen).toBeNull();
  if (occupants.length > 0) expect(occupants).toMatchObject([{ pid, how: "working directory" }]);
});
