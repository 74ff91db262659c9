import { execFileSync } from "node:child_process";
import { linkSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { compareTrees } from "../interop/compare-trees.ts";
import { peerTest, pnpm } from "../peers/peers.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const LINKS = 50_000;
const FILES = 2500;

/** As a pnpm store: files named by their hashes, and packages made of further names of them. */
function makeLinkedTree(root: string): void {
  const stored = Array.from({ length: FILES }, (_, at) => {
    const directory = join(root, "files", (at % 256).toString(16).padStart(2, "0"));
    mkdirSync(directory, { recursive: true });
    const path = join(directory, `${at}`.padStart(126, "0"));
    writeFileSync(path, `module.exports = ${at};\n`.repeat(40));
    return path;
  });
  for (let app = 0; app < LINKS / FILES - 1; app += 1) {
    for (const [at, path] of stored.entries()) {
      const folder = join(root, `app-${app}/package-${at % 50}`);
      if (at < 50) mkdirSync(folder, { recursive: true });
      linkSync(path, join(folder, `${at}.js`));
    }
  }
}

test("F5 fifty thousand hard links do not stall a backup, and stay hard links", async () => {
  const { house } = scene();
  makeLinkedTree(house.state("workspace/store"));
  const begun = performance.now();
  const taken = await scene().backup(0);
  expect(performance.now() - begun).toBeLessThan(40_000);
  expect(taken.files.new).toBeGreaterThanOrEqual(LINKS);
  const again = performance.now();
  expect((await scene().backup(0)).files).toMatchObject({ new: 0, changed: 0 });
  expect(performance.now() - again).toBeLessThan(20_000);

  const copy = await scene().restore();
  const restored = copy.state("workspace/store");
  expect(compareTrees(house.state("workspace/store"), restored, { timeTolerance: 999n })).toEqual(
    [],
  );
  const inodes = new Set<number>();
  for (const entry of readdirSync(restored, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) inodes.add(lstatSync(join(entry.parentPath, entry.name)).ino);
  }
  expect(inodes.size).toBe(FILES);
});

peerTest("F5 a real pnpm store and what it links come back as one", pnpm, async (program) => {
  const { house } = scene();
  const source = join(house.root, "package");
  mkdirSync(source);
  for (let at = 0; at < 1000; at += 1) writeFileSync(join(source, `f${at}.js`), `// ${at}\n`);
  writeFileSync(join(source, "package.json"), '{ "name": "many", "version": "1.0.0" }');
  const archive = house.state("workspace/many-1.0.0.tgz");
  execFileSync("tar", ["-czf", archive, "-C", house.root, "package"]);
  for (const app of ["one", "two", "three"]) {
    const project = house.state("workspace", app);
    mkdirSync(project);
    const dependencies = { many: "file:../many-1.0.0.tgz" };
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: app, dependencies }));
    const options = ["--store-dir", "../.pnpm-store", "--virtual-store-dir", `../.packages/${app}`];
    execFileSync(
      process.execPath,
      [program, "install", "--offline", "--package-import-method", "hardlink", ...options],
      {
        cwd: project,
        env: { PATH: house.env["PATH"], HOME: house.home, CI: "true" },
        stdio: "pipe",
      },
    );
  }
  // The store's own name and one in each app.
  expect(filesWithNames(house.state("workspace/.packages/one"), 4)).toBeGreaterThanOrEqual(1000);

  const { excluded } = await scene().backup(0);
  const copy = await scene().restore();
  for (const path of ["workspace/.pnpm-store", "workspace/.packages"]) {
    expect(compareTrees(house.state(path), copy.state(path), { timeTolerance: 999n })).toEqual([]);
  }
  expect(excluded.map(({ path }) => path)).toContain(house.state("workspace/one/node_modules"));
});

function filesWithNames(directory: string, names: number): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((entry) => lstatSync(join(entry.parentPath, entry.name)).nlink === names).length;
}

test.each([
  ["the name that is met first", "workspace/a.sqlite"],
  ["the name that is met last", "workspace/z/z.sqlite"],
])("F5 two names of one database, its log beside %s: no row is lost", async (_which, open) => {
  const { house } = scene();
  const names = ["workspace/a.sqlite", "workspace/m.db", "workspace/z/z.sqlite"];
  await house.write(open, "");
  using live = new DatabaseSync(house.state(open));
  live.exec(`PRAGMA journal_mode = wal; CREATE TABLE kept (x); INSERT INTO kept VALUES (1);
    PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0`);
  mkdirSync(house.state("workspace/z"), { recursive: true });
  for (const name of names.filter((name) => name !== open)) {
    linkSync(house.state(open), house.state(name));
  }
  live.exec("INSERT INTO kept VALUES (2)");

  const { databases } = await scene().backup(0);
  const copy = await scene().restore();
  for (const name of names) {
    using restored = new DatabaseSync(copy.state(name));
    expect(restored.prepare("SELECT x FROM kept").all(), name).toEqual([{ x: 1 }, { x: 2 }]);
  }
  const captured = databases.filter(({ path }) => names.some((name) => path === house.state(name)));
  expect(captured.every(({ consistent }) => consistent)).toBe(true);
  const inodes = names.map((name) => lstatSync(copy.state(name)).ino);
  expect(new Set(inodes).size).toBe(1);
});
