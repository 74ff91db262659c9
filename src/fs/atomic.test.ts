import { execFile } from "node:child_process";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const denied = vi.hoisted(() => ({ link: undefined as string | undefined, afterwards: false }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    link: async (...args: Parameters<typeof real.link>) => {
      if (denied.link === undefined) return real.link(...args);
      if (denied.afterwards) await real.link(...args);
      throw Object.assign(new Error(denied.link), { code: denied.link });
    },
  };
});

const { writeFileAtomic, writeNewFile } = await import("./atomic.ts");
const run = promisify(execFile);

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clawback-atomic-"));
  path = join(root, "file");
});

afterEach(async () => {
  Object.assign(denied, { link: undefined, afterwards: false });
  await rm(root, { recursive: true });
});

async function modeOf(of: string): Promise<string> {
  return ((await stat(of)).mode & 0o777).toString(8);
}

test("writes, and replaces", async () => {
  await writeFileAtomic(path, "old");
  await writeFileAtomic(path, Buffer.from("new"));
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(root)).toEqual(["file"]);
});

test.each([writeFileAtomic, writeNewFile])(
  "mode is 0600 or the one asked for: %o",
  async (write) => {
    await write(path, "x");
    await write(`${path}2`, "x", { mode: 0o400 });
    await write(`${path}3`, "x", { mode: 0o644 });
    expect(await Promise.all(["", "2", "3"].map((n) => modeOf(path + n)))).toEqual([
      "600",
      "400",
      "644",
    ]);
  },
);

test("replaces a symbolic link, not what it points to", async () => {
  await writeFile(join(root, "target"), "target");
  await symlink("target", path);
  await writeFileAtomic(path, "new");
  expect(await readFile(join(root, "target"), "utf8")).toBe("target");
  expect(await readFile(path, "utf8")).toBe("new");
});

test("leaves nothing behind when it fails", async () => {
  await mkdir(path);
  await writeFile(join(path, "inside"), "");
  await expect(writeFileAtomic(path, "x")).rejects.toThrow();
  await expect(writeNewFile(path, "x")).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readdir(root)).toEqual(["file"]);
});

test("what is not there is not made: ENOENT for a missing directory", async () => {
  await expect(writeFileAtomic(join(root, "no", "file"), "x")).rejects.toMatchObject({
    code: "ENOENT",
  });
});

test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EIO", undefined])(
  "F13: never overwrites, with link() failing as %s",
  async (code) => {
    denied.link = code;
    await writeNewFile(path, "first", { mode: 0o400 });
    await expect(writeNewFile(path, "second")).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("first");
    expect(await modeOf(path)).toBe("400");
    expect(await readdir(root)).toEqual(["file"]);
  },
);

test("F13: a dangling link counts as a taken name where hard links are missing", async () => {
  denied.link = "EPERM";
  await symlink("nowhere", path);
  await expect(writeNewFile(path, "x")).rejects.toMatchObject({ code: "EEXIST" });
});

test("a link that NFS made twice is no conflict", async () => {
  Object.assign(denied, { link: "EEXIST", afterwards: true });
  await writeNewFile(path, "x");
  expect(await readFile(path, "utf8")).toBe("x");
  expect(await readdir(root)).toEqual(["file"]);
});

test("an error of link() that is no want of links is told", async () => {
  denied.link = "ELOOP";
  await expect(writeNewFile(path, "x")).rejects.toMatchObject({ code: "ELOOP" });
  expect(await readdir(root)).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)("E_PERMISSION (skipped: root ignores modes)", async () => {
  await chmod(root, 0o500);
  await expect(writeFileAtomic(path, "x")).rejects.toMatchObject({ code: "E_PERMISSION" });
  await chmod(root, 0o700);
});

test("a full device is E_NO_SPACE, with its file system named (skipped without mount)", async (t) => {
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", root]);
  } catch {
    t.skip();
  }
  try {
    await writeFileAtomic(path, "old");
    await expect(writeFileAtomic(path, Buffer.alloc(1_000_000))).rejects.toMatchObject({
      code: "E_NO_SPACE",
      hint: expect.stringContaining(root),
    });
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(root)).toEqual(["file"]);
  } finally {
    await run("umount", [root]);
  }
});
