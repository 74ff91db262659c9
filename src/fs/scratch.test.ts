import { execFile, spawnSync } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentProcess } from "./process-identity.ts";
import { openScratch } from "./scratch.ts";

const self = await currentProcess();
const DEAD_PID = spawnSync(process.execPath, ["--version"]).pid;
const HOUR = 3_600_000;

let root: string;
let base: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clawback-scratch-test-"));
  base = join(root, "base");
});

afterEach(() => rm(root, { recursive: true }));

/** What a run that was killed `age` ms ago leaves. */
async function leave(name: string, owner: object | undefined, age = 0): Promise<string> {
  const path = join(base, name);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(join(path, "spool"), "secret rows");
  const file = join(path, "owner.json");
  const then = new Date(Date.now() - age);
  if (owner !== undefined) await writeFile(file, JSON.stringify(owner));
  if (owner !== undefined) await utimes(file, then, then);
  await utimes(path, then, then);
  return path;
}

test("is private, and gone with all it holds", async () => {
  let path: string;
  {
    await using scratch = await openScratch(base, self);
    path = scratch.path;
    expect(((await stat(base)).mode & 0o777).toString(8)).toBe("700");
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("700");
    await mkdir(join(path, "deep"));
    await writeFile(join(path, "deep", "file"), "x");
    await using second = await openScratch(base, self);
    expect(await readdir(base)).toHaveLength(2);
    expect(second.path).not.toBe(path);
  }
  await expect(stat(base)).rejects.toMatchObject({ code: "ENOENT" });
});

test("F12: a run that was killed leaves nothing after the next", async () => {
  const script = `
    const { openScratch } = await import(${JSON.stringify(import.meta.resolve("./scratch.ts"))});
    const { currentProcess } = await import(${JSON.stringify(import.meta.resolve("./process-identity.ts"))});
    await openScratch(${JSON.stringify(base)}, await currentProcess());
    process.kill(process.pid, "SIGKILL");`;
  await expect(
    promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]),
  ).rejects.toMatchObject({ signal: "SIGKILL" });
  expect(await readdir(base)).toHaveLength(1);
  await using scratch = await openScratch(base, self);
  expect((await readdir(base)).map((name) => join(base, name))).toEqual([scratch.path]);
});

const elsewhere = { ...self, hostname: "x", bootId: "x", machineId: "x" };

test.each([
  ["alive", self, 48 * HOUR, true],
  ["dead", { ...self, pid: DEAD_PID }, 0, false],
  ["pid used again", { ...self, processStart: "1" }, 0, process.platform !== "linux"],
  ["other machine, beating", elsewhere, 2 * HOUR, true],
  ["other machine, silent for a day", elsewhere, 25 * HOUR, false],
  ["just being made", undefined, 0, true],
  ["killed while being made", undefined, 2 * HOUR, false],
  ["nonsense for an owner", { pid: "?" }, 2 * HOUR, false],
] as const)("an older scratch, its owner %s", async (_what, owner, age, stays) => {
  await leave("scratch-1-AbC123", owner, age);
  await using _scratch = await openScratch(base, self);
  expect((await readdir(base)).includes("scratch-1-AbC123")).toBe(stays);
});

test("follows no links when it cleans", async () => {
  await mkdir(join(root, "precious"));
  await writeFile(join(root, "precious", "file"), "x");
  const gone = { ...self, pid: DEAD_PID };
  await writeFile(join(root, "precious", "owner.json"), JSON.stringify(gone));
  const dead = await leave("scratch-1-AbC123", gone);
  await symlink(join(root, "precious"), join(dead, "link"));
  await symlink(join(root, "precious"), join(base, "scratch-2-AbC123"));
  await leave("scratch-3-AbC123", undefined, 0);
  await symlink(join(root, "precious", "owner.json"), join(base, "scratch-3-AbC123", "owner.json"));
  await using _scratch = await openScratch(base, self);
  expect(await readFile(join(root, "precious", "file"), "utf8")).toBe("x");
  expect(await readdir(base)).toContain("scratch-2-AbC123");
  expect(await readdir(base)).toContain("scratch-3-AbC123");
  expect(await readdir(base)).not.toContain("scratch-1-AbC123");
});

test("leaves alone what is not its own", async () => {
  await leave("notes", undefined, 48 * HOUR);
  await leave("scratch-x", undefined, 48 * HOUR);
  await using _scratch = await openScratch(base, self);
  expect(await readdir(base)).toHaveLength(3);
});

test("refuses a base that is a link, or open to others", async () => {
  await mkdir(join(root, "target"), { mode: 0o700 });
  await symlink(join(root, "target"), base);
  await expect(openScratch(base, self)).rejects.toMatchObject({ code: "E_PERMISSION" });
  await chmod(join(root, "target"), 0o777);
  await expect(openScratch(join(root, "target"), self)).rejects.toMatchObject({
    code: "E_PERMISSION",
    message: expect.stringContaining("written by others"),
  });
});

test.runIf(process.getuid?.() === 0)("refuses a base of another user's", async () => {
  await mkdir(base, { mode: 0o700 });
  await chown(base, 12_345, 12_345);
  await expect(openScratch(base, self)).rejects.toMatchObject({
    code: "E_PERMISSION",
    message: expect.stringContaining("another user"),
  });
});
