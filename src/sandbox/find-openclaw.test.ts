import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findOpenClaw } from "./find-openclaw.ts";

let top: string;

beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), "clawback-find-")));
});

afterEach(() => rm(top, { recursive: true, force: true }));

/** @returns the entry of a release that stands below a directory */
async function install(directory: string, version: string): Promise<string> {
  const folder = join(top, directory, "node_modules/openclaw");
  await mkdir(folder, { recursive: true });
  const description = { name: "openclaw", version, bin: { openclaw: "openclaw.mjs" } };
  await writeFile(join(folder, "package.json"), JSON.stringify(description));
  await writeFile(join(folder, "openclaw.mjs"), "");
  return join(folder, "openclaw.mjs");
}

test("by a link on the PATH, beside npm's programs, in the cache; what runs comes first", async () => {
  const cacheDir = join(top, "cache");
  const find = async (PATH: string, more: object = {}): Promise<string | undefined> =>
    (await findOpenClaw({ env: { PATH }, cacheDir, ...more }))?.words[1];

  expect(await find(join(top, "bin"))).toBeUndefined();
  const fetched = await install("cache/openclaw/2026.9.1", "2026.9.1");
  expect(await find(join(top, "bin"))).toBe(fetched);
  const global = await install("prefix/lib", "2026.9.2");
  expect(await find(join(top, "prefix/bin"))).toBe(global);
  const linked = await install("elsewhere", "2026.9.3");
  await mkdir(join(top, "bin"));
  await symlink(linked, join(top, "bin/openclaw"));
  expect(await find(join(top, "bin"))).toBe(linked);
  const running = ["/usr/bin/node", await install("live", "2026.9.4")];
  expect(await find(join(top, "bin"), { running })).toBe(running[1]);
  expect(await find(join(top, "bin"), { running, version: "2026.9.1" })).toBe(fetched);
});

test("it is run by our own Node, and its version is its package's", async () => {
  const entry = await install("lib", "2026.9.6");
  const found = await findOpenClaw({ env: {}, cacheDir: top, running: [entry] });
  expect(found).toEqual({
    words: [await realpath(process.execPath), entry],
    version: "2026.9.6",
  });
});
