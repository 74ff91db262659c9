import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { compareTrees } from "../interop/compare-trees.ts";
import type { Restored } from "./scene.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

async function skillAt(directory: string, name: string): Promise<void> {
  await mkdir(join(directory, "scripts"), { recursive: true });
  await writeFile(join(directory, "SKILL.md"), `---\nname: ${name}\n---\n`);
  await writeFile(join(directory, "scripts/run.sh"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
}

/** Fails unless the link came back as it was, and is one. */
function expectLink(copy: Restored, path: string, target: string): void {
  expect(lstatSync(copy.at(path)).isSymbolicLink(), path).toBe(true);
  expect(readlinkSync(copy.at(path))).toBe(target);
}

test("F4 links that are absolute, dangling, looping or leave the tree come back as links", async () => {
  const { house } = scene();
  const outside = join(house.root, "elsewhere");
  await mkdir(outside);
  await writeFile(join(outside, "diary.txt"), "the agent's");
  const links = {
    "workspace/absolute": "/etc/hostname",
    "workspace/inside": house.state("workspace/SOUL.md"),
    "workspace/dangling": "nowhere/at/all",
    "workspace/itself": "itself",
    "workspace/a": "b",
    "workspace/b": "a",
    "workspace/around/and/around": "..",
    "workspace/up": "../../..",
    "workspace/root": "/",
    "workspace/elsewhere": outside,
    "dangling.json": "gone.json",
    "logs/current.log": "/proc/self/fd/0",
    "workspace/odd name\n": "with a\nline feed",
  };
  for (const [path, target] of Object.entries(links)) await link(house.state(path), target);
  await scene().backup(0);
  const copy = await scene().restore();
  for (const [path, target] of Object.entries(links)) {
    expectLink(copy, house.state(path), target);
  }
  // What the machine has of itself stays where it is; what somebody put there comes along.
  const { roots } = await scene().manifest();
  for (const { realPath } of roots) expect(["/", "/etc", "/etc/hostname"]).not.toContain(realPath);
  expect(readFileSync(copy.at(join(outside, "diary.txt")), "utf8")).toBe("the agent's");
});

test("F4 a skill that is a link to ~/.agents/skills comes back with its content", async () => {
  const { house } = scene();
  const shared = join(house.home, ".agents/skills");
  await skillAt(join(shared, "weather"), "weather");
  await skillAt(join(house.home, "code/garden"), "garden");
  await skillAt(join(house.home, "code/relative"), "relative");
  const links = {
    "workspace/skills/weather": join(shared, "weather"),
    "skills/garden": join(house.home, "code/garden"),
    "workspace/skills/relative": "../../../code/relative",
    "workspace/skills/twice": join(house.home, "by-another-name"),
  };
  await link(join(house.home, "by-another-name"), join(shared, "weather"));
  for (const [path, target] of Object.entries(links)) await link(house.state(path), target);
  await scene().backup(0);
  const copy = await scene().restore();
  for (const [path, target] of Object.entries(links)) {
    expectLink(copy, house.state(path), target);
  }
  for (const skill of [".agents/skills/weather", "code/garden", "code/relative"]) {
    const place = join(house.home, skill);
    expect(compareTrees(place, copy.at(place), { timeTolerance: 999n })).toEqual([]);
  }
  expectLink(copy, join(house.home, "by-another-name"), join(shared, "weather"));
});

test("F4 links into a read-only store of packages, as Nix makes them, are no failure", async () => {
  const { house } = scene();
  const store = join(house.root, "nix/store");
  const tool = join(store, "0c5nlm9wyvgbvq9wl0kfz0psv1mjibsk-jq-1.7.1");
  const skill = join(store, "1r6gvw2xkwi7rp4lrgvw3rmcmsyxfd4p-skill-hue");
  const generation = join(store, "2k4zy1y2hbqnb5gpdlhkxhv9nq4f7xh8-user-environment");
  await skillAt(skill, "hue");
  await mkdir(join(tool, "bin"), { recursive: true });
  await writeFile(join(tool, "bin/jq"), "not a program", { mode: 0o555 });
  await link(join(generation, "bin/jq"), join(tool, "bin/jq"));
  await link(join(house.home, ".nix-profile"), generation);
  const links = {
    "workspace/result": tool,
    "workspace/bin/jq": join(house.home, ".nix-profile/bin/jq"),
    "workspace/skills/hue": skill,
  };
  for (const [path, target] of Object.entries(links)) await link(house.state(path), target);
  for (const path of [join(skill, "SKILL.md"), join(skill, "scripts"), skill, join(tool, "bin")]) {
    await chmod(path, path.endsWith(".md") ? 0o444 : 0o555);
  }
  await scene().backup(0);
  const copy = await scene().restore();
  for (const [path, target] of Object.entries(links)) {
    expectLink(copy, house.state(path), target);
  }
  expect(await readFile(copy.at(join(skill, "SKILL.md")), "utf8")).toContain("name: hue");
});
