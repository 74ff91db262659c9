import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  isInside,
  mountPointOf,
  nearestExisting,
  realPathOfFuture,
  sameFileSystem,
} from "./paths.ts";
import { freeBytes } from "./space.ts";

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "clawback-paths-")));
  await mkdir(join(root, "state", "sub"), { recursive: true });
  await mkdir(join(root, "state-backup"));
  await symlink("state", join(root, "link"));
  await symlink("state/not/yet", join(root, "dangling"));
  await symlink("loop", join(root, "loop"));
});

afterEach(() => rm(root, { recursive: true }));

test.each([
  ["state", "state", true],
  ["state/sub", "state", true],
  ["state/new/repo", "state", true],
  ["link/sub", "state", true],
  ["link/new", "state", true],
  ["state/sub", "link", true],
  ["dangling", "state", true],
  ["dangling/deeper", "link", true],
  ["state/..new", "state", true],
  ["not-there/inner", "not-there", true],
  ["not-there/..inner", "not-there", true],
  ["state", "state/sub", false],
  ["state-backup", "state", false],
  ["state-backup/new", "state", false],
  ["state/../other", "state", false],
  ["link/../other", "state", false],
  [".", "state", false],
  ["not-there-too", "not-there", false],
])("F18: %s inside %s: %s", async (child, parent, inside) => {
  expect(await isInside(join(root, child), join(root, parent))).toBe(inside);
});

test("a loop of links ends", async () => {
  await expect(realPathOfFuture(join(root, "loop", "x"))).rejects.toMatchObject({ code: "ELOOP" });
  await symlink("missing/../crooked", join(root, "crooked"));
  expect(await realPathOfFuture(join(root, "crooked"))).toBe(join(root, "crooked"));
});

test("the nearest existing ancestor", async () => {
  expect(await nearestExisting(join(root, "link", "a", "b"))).toBe(join(root, "state"));
  expect(await nearestExisting(join(root, "dangling"))).toBe(join(root, "state"));
});

test("file systems are told apart by device", async () => {
  expect(await sameFileSystem(join(root, "a", "b"), join(root, "link"))).toBe(true);
  if (process.platform === "linux") expect(await sameFileSystem(root, "/proc")).toBe(false);
});

test.runIf(process.platform === "linux")(
  "the mount point of what is in /proc is /proc",
  async () => {
    expect(await mountPointOf("/proc/sys/kernel")).toBe("/proc");
  },
);

test("free space, also where nothing is yet", async () => {
  const free = await freeBytes(join(root, "not", "yet"));
  expect(free).toBeGreaterThan(0);
  expect(Number.isInteger(free)).toBe(true);
});
