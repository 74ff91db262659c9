import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { compareTrees } from "../interop/compare-trees.ts";
import { openclaw, peerTest, python } from "../peers/peers.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

peerTest("F4 a Python venv comes back as it was", python, async (program) => {
  const { house } = scene();
  const venv = house.state("workspace/venv");
  execFileSync(program, ["-m", "venv", "--without-pip", venv], { stdio: "pipe" });
  expect(lstatSync(join(venv, "bin/python3")).isSymbolicLink()).toBe(true);
  await scene().backup(0);
  const copy = await scene().restore();
  expect(compareTrees(venv, copy.at(venv), { timeTolerance: 999n })).toEqual([]);
  // The interpreter is the system's: a link leads there, and nothing of it is taken.
  expect(readdirSync(copy.target).sort()).toEqual([".clawback", house.root.split("/")[1]]);
  const said = execFileSync(copy.at(join(venv, "bin/python3")), ["-c", "print(6 * 7)"]);
  expect(said.toString().trim()).toBe("42");
});

peerTest(
  "F4 OpenClaw's own plugin-skills, links into its program, are no failure",
  openclaw,
  async (program) => {
    const { house } = scene();
    const env = { PATH: house.env["PATH"], HOME: house.home, NO_COLOR: "1", TMPDIR: house.root };
    const elsewhere = join(house.root, "made-by-openclaw");
    execFileSync(process.execPath, [program, "skills", "list", "--json"], {
      env: { ...env, OPENCLAW_STATE_DIR: elsewhere },
      stdio: "pipe",
    });
    const links = readdirSync(join(elsewhere, "plugin-skills"));
    expect(links).not.toEqual([]);
    await mkdir(house.state("workspace/old/plugin-skills"), { recursive: true });
    for (const name of links) {
      const target = readlinkSync(join(elsewhere, "plugin-skills", name));
      expect(target).toContain("node_modules/openclaw/");
      // Where OpenClaw keeps them, and in a copy that somebody once made of a state directory.
      await replaceLink(house.state("plugin-skills", name), target);
      await replaceLink(house.state("workspace/old/plugin-skills", name), target);
    }
    const { excluded } = await scene().backup(0);
    expect(excluded.map(({ path }) => path)).toContain(house.state("plugin-skills"));
    const copy = await scene().restore();
    const restored = copy.state("workspace/old/plugin-skills");
    const made = house.state("workspace/old/plugin-skills");
    expect(compareTrees(made, restored, { timeTolerance: 999n })).toEqual([]);
    expect(readdirSync(copy.target).sort()).toEqual([".clawback", house.root.split("/")[1]]);
  },
);

test("F4 Chromium's Singleton links, of a browser that runs, are no failure", async () => {
  const { house } = scene();
  const temporary = join(house.root, "org.chromium.Chromium.a1B2c3");
  await mkdir(temporary, { mode: 0o700 });
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(join(temporary, "SingletonSocket"), done);
  });
  const links = {
    SingletonLock: "workshop-31337",
    SingletonCookie: "14815162342108364951",
    SingletonSocket: join(temporary, "SingletonSocket"),
  };
  await symlink(links.SingletonCookie, join(temporary, "SingletonCookie"));
  const own = house.state("browser/openclaw/user-data");
  const foreign = house.state("workspace/chrome-profile");
  try {
    for (const profile of [own, foreign]) {
      await mkdir(join(profile, "Default"), { recursive: true });
      for (const [name, target] of Object.entries(links)) {
        await symlink(target, join(profile, name));
      }
    }
    await house.write("browser/openclaw/user-data/Default/Preferences", "{}");
    const { excluded } = await scene().backup(0);
    const copy = await scene().restore();
    for (const [name, target] of Object.entries(links)) {
      expect(excluded.map(({ path }) => path)).toContain(join(own, name));
      expect(lstatSync(copy.at(join(own, name)), { throwIfNoEntry: false })).toBeUndefined();
      expect(readlinkSync(copy.at(join(foreign, name)))).toBe(target);
    }
    expect(await copy.read("browser/openclaw/user-data/Default/Preferences")).toBe("{}");
    expect(readdirSync(dirname(copy.at(temporary)))).toEqual(["home"]);
  } finally {
    server.close();
  }
});

async function replaceLink(path: string, target: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(target, path);
}
