import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Backup,
  backUp,
  newRepository,
  nodesOf,
  restoreTree,
  temporaryFolder,
} from "../../test/support/archives.ts";
import type { FrozenDirectory, FrozenEntry } from "./frozen.ts";
import { formatTime } from "./go-time.ts";
import { walk } from "./walker.ts";

/** A directory as it is now, its files copied to a scratch directory; databases are left where they are. */
function freeze(dir: string, scratch: string): FrozenDirectory {
  const entries = fs.readdirSync(dir, { encoding: "buffer" }).map((name): FrozenEntry => {
    const path = join(dir, name.toString());
    const stat = fs.lstatSync(path, { bigint: true });
    if (stat.isSymbolicLink()) {
      return { name, stat, linktarget: fs.readlinkSync(path, { encoding: "buffer" }) };
    }
    if (stat.isDirectory()) return { name, stat, directory: freeze(path, scratch) };
    if (path.endsWith(".sqlite")) return { name, stat };
    const content = join(scratch, `${fs.readdirSync(scratch).length}`);
    fs.copyFileSync(path, content);
    return { name, stat, content };
  });
  // In no order: the walk brings its own.
  return { entries: entries.reverse() };
}

function frozenAt(dir: string, directory: FrozenDirectory): ReadonlyMap<string, FrozenDirectory> {
  return new Map([[Buffer.from(dir).toString("latin1"), directory]]);
}

function makeSet(folder: { at(...names: string[]): string }): FrozenDirectory {
  fs.mkdirSync(folder.at("source/set/sub"), { recursive: true });
  fs.mkdirSync(folder.at("scratch"));
  fs.writeFileSync(folder.at("source/set/creds"), "creds, first");
  fs.writeFileSync(folder.at("source/set/gone"), "gone, first");
  fs.writeFileSync(folder.at("source/set/sub/key"), "key, first");
  fs.symlinkSync("creds", folder.at("source/set/link"));
  fs.writeFileSync(folder.at("source/beside"), "beside");
  return freeze(folder.at("source/set"), folder.at("scratch"));
}

/** What a program does to its files while a backup runs. */
function churn(folder: { at(...names: string[]): string }): void {
  fs.writeFileSync(folder.at("source/set/creds"), "creds, second, longer");
  fs.rmSync(folder.at("source/set/gone"));
  fs.rmSync(folder.at("source/set/sub"), { recursive: true });
  fs.rmSync(folder.at("source/set/link"));
  fs.symlinkSync("elsewhere", folder.at("source/set/link"));
  fs.writeFileSync(folder.at("source/set/new"), "new");
  fs.writeFileSync(folder.at("source/beside"), "beside, changed");
}

test("below a frozen directory, what was there is taken as it was", async () => {
  using folder = temporaryFolder();
  const directory = makeSet(folder);
  const stats = new Map(directory.entries.map(({ name, stat }) => [name.toString(), stat]));
  churn(folder);
  const frozen = frozenAt(folder.at("source/set"), directory);
  const repository = await newRepository();
  const result = await backUp(repository, folder.at("source"), { frozen });
  expect(result.failures).toEqual([]);
  expect(result.vanished).toEqual([]);
  expect(result.changedWhileRead).toEqual([]);
  const nodes = await nodesOf(repository, result.tree);
  const set = folder.at("source/set");
  expect([...nodes.keys()].filter((path) => path.startsWith(`${set}/`))).toEqual(
    ["creds", "gone", "link", "sub", "sub/key"].map((name) => join(set, name)),
  );
  for (const name of ["creds", "gone", "link"]) {
    const node = nodes.get(join(set, name));
    expect(node?.inode, name).toBe(stats.get(name)?.ino);
    expect(node?.ctime, name).toBe(formatTime(stats.get(name)?.ctimeNs ?? 0n));
    expect(node?.mtime, name).toBe(formatTime(stats.get(name)?.mtimeNs ?? 0n));
  }
  const { faults } = await restoreTree(repository, result.tree, folder.at("target"));
  expect(faults).toEqual([]);
  const restored = (name: string) =>
    fs.readFileSync(folder.at("target", folder.at("source"), name), "utf8");
  expect(restored("set/creds")).toBe("creds, first");
  expect(restored("set/gone")).toBe("gone, first");
  expect(restored("set/sub/key")).toBe("key, first");
  expect(fs.readlinkSync(folder.at("target", set, "link"))).toBe("creds");
  expect(restored("beside")).toBe("beside, changed");
});

test("what a frozen directory held is unchanged for the next backup, frozen or not", async () => {
  using folder = temporaryFolder();
  const directory = makeSet(folder);
  const frozen = frozenAt(folder.at("source/set"), directory);
  const repository = await newRepository();
  const now = (seconds: number) => new Date(Date.now() + seconds * 1000);
  await backUp(repository, folder.at("source"), { frozen, now: now(60) });
  const again = await backUp(repository, folder.at("source"), { frozen, now: now(120) });
  const live = await backUp(repository, folder.at("source"), { now: now(180) });
  for (const { states, files } of [again, live] satisfies Backup[]) {
    expect([...new Set(states.values())]).toEqual(["unchanged"]);
    expect(files.unchanged).toBe(4);
  }
});

test("a database of a frozen directory is taken through its hook", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source/set"), { recursive: true });
  fs.mkdirSync(folder.at("scratch"));
  fs.writeFileSync(folder.at("source/set/a.sqlite"), "SQLite format 3\0, as it is");
  fs.writeFileSync(folder.at("image"), "a consistent image");
  const directory = freeze(folder.at("source/set"), folder.at("scratch"));
  const repository = await newRepository();
  const captured: string[] = [];
  const { tree } = await backUp(repository, folder.at("source"), {
    frozen: frozenAt(folder.at("source/set"), directory),
    databases: {
      isUnchanged: () => Promise.resolve(false),
      isKnown: () => false,
      capture: (path) => {
        captured.push(path.toString());
        return Promise.resolve({
          path: folder.at("image"),
          size: 18,
          pageChunk: 4096,
          confirm: () => Promise.resolve(true),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        });
      },
    },
  });
  expect(captured).toEqual([folder.at("source/set/a.sqlite")]);
  expect((await nodesOf(repository, tree)).get(folder.at("source/set/a.sqlite"))?.size).toBe(18n);
});

test("a copy that is gone is a failure, and no file that its owner removed", async () => {
  using folder = temporaryFolder();
  const directory = makeSet(folder);
  fs.rmSync(folder.at("scratch"), { recursive: true });
  const frozen = frozenAt(folder.at("source/set"), directory);
  const { failures, vanished } = await backUp(await newRepository(), folder.at("source"), {
    frozen,
  });
  expect(vanished).toEqual([]);
  expect(failures.map(({ path, code }) => [path.toString(), code])).toEqual(
    ["creds", "gone", "sub/key"].map((name) => [folder.at("source/set", name), "ENOENT"]),
  );
});

test("the selector and the sizes of what is left out see the frozen entries", () => {
  using folder = temporaryFolder();
  const directory = makeSet(folder);
  churn(folder);
  const frozen = frozenAt(folder.at("source/set"), directory);
  const steps = [
    ...walk(
      [Buffer.from(folder.at("source"))],
      ({ name }) => (["set", "gone"].includes(name.toString()) ? "not wanted" : undefined),
      { measure: true, frozen },
    ),
  ];
  const leftOut = steps.flatMap((step) => (step.kind === "left-out" ? [step.leftOut] : []));
  const bytes = "creds, firstgone, firstkey, first".length;
  expect(leftOut).toEqual([
    { path: Buffer.from(folder.at("source/set")), reason: "not wanted", files: 4, bytes },
  ]);
});
