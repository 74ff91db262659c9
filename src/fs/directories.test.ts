import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensurePrivateDirectory, syncDirectory } from "./directories.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clawback-directories-"));
});

afterEach(() => rm(root, { recursive: true }));

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("what it makes is 0700, all the way; what is there keeps its mode", async () => {
  await chmod(root, 0o755);
  await ensurePrivateDirectory(join(root, "a", "b"));
  expect(await modeOf(join(root, "a"))).toBe("700");
  expect(await modeOf(join(root, "a", "b"))).toBe("700");
  await ensurePrivateDirectory(root);
  expect(await modeOf(root)).toBe("755");
});

test("a file in the way is an error", async () => {
  await writeFile(join(root, "file"), "");
  await expect(ensurePrivateDirectory(join(root, "file"))).rejects.toMatchObject({
    code: "EEXIST",
  });
  await expect(ensurePrivateDirectory(join(root, "file", "x"))).rejects.toMatchObject({
    code: "ENOTDIR",
  });
});

test("a directory on a file system that cannot sync it is no error, a missing one is", async () => {
  await syncDirectory(root);
  if (process.platform === "linux") await syncDirectory("/proc/self");
  await expect(syncDirectory(join(root, "no"))).rejects.toMatchObject({ code: "ENOENT" });
});
