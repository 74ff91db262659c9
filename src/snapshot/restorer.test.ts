import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import {
  backUp,
  newRepository,
  nodesOf,
  restoreTree,
  storeBlobs,
  temporaryFolder,
} from "../../test/support/archives.ts";
import { silentProgress } from "../progress.ts";
import { idOf } from "../repository/ids.ts";
import type { Repository } from "../repository/repository.ts";
import type { FileHandle } from "../storage/storage.ts";
import { checkTrees } from "./check-trees.ts";
import { restore } from "./restorer.ts";
import { findEntry, walkTree } from "./tree-walker.ts";

const never = new AbortController().signal;
const FILE = { type: "file", mode: 0o600, uid: 0, gid: 0, content: [] as string[] };
const DIR = { type: "dir", mode: 2 ** 31 + 0o700, uid: 0, gid: 0 };

/** A tree as a hostile program would write it: nothing is looked at. */
async function rawTree(repository: Repository, ...nodes: object[]): Promise<string> {
  const [id] = await storeBlobs(repository, "tree", Buffer.from(JSON.stringify({ nodes })));
  return id as string;
}

/** The paths below a folder. */
function found(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

test.each([
  "..",
  ".",
  "",
  "a/b",
  "../../etc/passwd",
  "/etc/passwd",
  "nul\\u0000byte",
  "\\x2e\\x2e",
  "a\\x2fb",
])("the name %j leads nowhere", async (name) => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const json = `{"nodes":[{"name":${name.includes("\\u") ? `"${name}"` : JSON.stringify(name)},"type":"file","mode":384,"uid":0,"gid":0,"content":[]}]}`;
  const [tree] = await storeBlobs(repository, "tree", Buffer.from(json));
  const restoring = restoreTree(repository, tree as string, folder.at("target"));
  await expect(restoring).rejects.toMatchObject({ code: "E_DAMAGED" });
  expect(found(folder.path)).toEqual([]);
});

test("two entries of one name are damage", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const tree = await rawTree(
    repository,
    { ...FILE, name: "x", type: "symlink", linktarget: folder.path },
    { ...FILE, name: "x" },
  );
  const restoring = restoreTree(repository, tree, folder.at("target"));
  await expect(restoring).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test.each(["symlink", "file", "fifo", "socket"])(
  "a %s with a tree of its own leads nowhere, and check says so",
  async (type) => {
    using folder = temporaryFolder();
    fs.mkdirSync(folder.at("outside"));
    const repository = await newRepository();
    const subtree = await rawTree(
      repository,
      { ...DIR, name: "dir" },
      { ...FILE, name: "file" },
      { ...FILE, name: "link", type: "symlink", linktarget: "/etc" },
    );
    const evil = { ...FILE, name: "evil", type, linktarget: folder.at("outside"), subtree };
    const tree = await rawTree(repository, evil);
    await restoreTree(repository, tree, folder.at("target"));
    expect(found(folder.at("outside"))).toEqual([]);
    expect(found(folder.at("target")).filter((path) => path !== "evil")).toEqual([]);
    const faults = await checkTrees(repository, [tree], never);
    expect(faults.map(({ subject }) => subject)).toContain("/evil");
    expect(await findEntry(repository, tree, Buffer.from("/evil/file"))).toBeUndefined();
  },
);

test("links into and out of the target are links, whatever they are beside", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("outside"));
  fs.writeFileSync(folder.at("outside/victim"), "untouched");
  const repository = await newRepository();
  const [id] = await storeBlobs(repository, "data", Buffer.from("evil"));
  const inner = await rawTree(repository, { ...FILE, name: "victim", size: 4, content: [id] });
  const tree = await rawTree(
    repository,
    { ...DIR, name: "a", subtree: inner },
    { ...FILE, name: "b", type: "symlink", linktarget: folder.at("outside/victim") },
    { ...FILE, name: "c", type: "symlink", linktarget: folder.at("outside") },
  );
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toEqual([]);
  expect(fs.readFileSync(folder.at("outside/victim"), "utf8")).toBe("untouched");
  expect(fs.readlinkSync(folder.at("target/c"))).toBe(folder.at("outside"));
});

test("hard links are by inode and device, and never without an inode", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const [one, two] = await storeBlobs(repository, "data", Buffer.from("1"), Buffer.from("2"));
  const file = (name: string, id: string | undefined, more: object) => ({
    ...FILE,
    name,
    size: 1,
    content: [id],
    ...more,
  });
  const tree = await rawTree(
    repository,
    file("a", one, { inode: 7, device_id: 1, links: 2 }),
    file("b", one, { inode: 7, device_id: 1, links: 2 }),
    file("c", two, { inode: 7, device_id: 2, links: 2 }),
    file("d", two, { links: 2 }),
    file("e", one, { links: 2 }),
    file("f", two, { inode: 7, device_id: 1, links: 1 }),
  );
  const result = await restoreTree(repository, tree, folder.at("target"));
  expect(result.faults).toEqual([]);
  expect(result.files).toBe(6);
  const contents = found(folder.at("target")).map((name) =>
    fs.readFileSync(folder.at("target", name), "utf8"),
  );
  expect(contents.join("")).toBe("112212");
  const inode = (name: string) => fs.statSync(folder.at("target", name)).ino;
  expect(inode("a")).toBe(inode("b"));
  expect(new Set(["a", "c", "d", "e", "f"].map(inode)).size).toBe(5);
});

test("a size that is not the chunks' and a chunk that is missing are faults of that file", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const [id] = await storeBlobs(repository, "data", Buffer.from("12345"));
  const tree = await rawTree(
    repository,
    { ...FILE, name: "good", size: 5, content: [id] },
    { ...FILE, name: "missing", size: 10, content: [id, "ab".repeat(32)] },
    { ...FILE, name: "short", size: 4, content: [id] },
    { ...FILE, name: "sizeless", content: [id] },
  );
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ path }) => path.toString())).toEqual(["/missing", "/short", "/sizeless"]);
  expect(faults.every(({ damaged }) => damaged)).toBe(true);
  expect(fs.readFileSync(folder.at("target/good"), "utf8")).toBe("12345");
  const told = await checkTrees(repository, [tree], never);
  expect(told.map(({ subject }) => subject).sort()).toEqual(["/missing", "/short", "/sizeless"]);
});

/** A source of several packs, and where each file's content lies. */
async function setUp(folder: { at(...names: string[]): string }) {
  fs.mkdirSync(folder.at("source/sub"), { recursive: true });
  for (let i = 0; i < 30; i++)
    fs.writeFileSync(folder.at(`source/file-${i}`), randomBytes(1_500_000));
  fs.writeFileSync(folder.at("source/sub/inner"), "deep inside");
  const repository = await newRepository();
  const { tree } = await backUp(repository, folder.at("source"));
  const packs = new Map<string, string[]>();
  for (const [path, node] of await nodesOf(repository, tree)) {
    for (const id of node.content ?? []) {
      const { pack } = repository.index.locate("data", id);
      packs.set(pack, [...new Set([...(packs.get(pack) ?? []), path])]);
    }
  }
  const compare = (names: Iterable<string>) => {
    for (const name of names) {
      const same = fs.readFileSync(folder.at("target", name)).equals(fs.readFileSync(name));
      expect(same, name).toBe(true);
    }
  };
  return { repository, tree, packs, compare };
}

async function damage(
  repository: Repository,
  handle: FileHandle,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
) {
  const changed = change(await repository.storage.load(handle));
  await repository.storage.remove(handle);
  if (changed !== undefined) await repository.storage.save(handle, changed);
}

test("a pack that is gone costs the files in it and no others", async () => {
  using folder = temporaryFolder();
  const { repository, tree, packs, compare } = await setUp(folder);
  expect(packs.size).toBeGreaterThan(2);
  const [[pack, lost]] = [...packs] as [[string, string[]]];
  await damage(repository, { type: "pack", name: pack }, () => undefined);
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ path }) => path.toString()).sort()).toEqual([...lost].sort());
  expect(faults.every(({ damaged }) => damaged)).toBe(true);
  compare([...packs.values()].flat().filter((path) => !lost.includes(path)));
});

test("a byte that changed costs the one file it is in", async () => {
  using folder = temporaryFolder();
  const { repository, tree, packs, compare } = await setUp(folder);
  const nodes = await nodesOf(repository, tree);
  const path = folder.at("source/file-7");
  const { pack, offset } = repository.index.locate("data", nodes.get(path)?.content?.[0] as string);
  await damage(repository, { type: "pack", name: pack }, (bytes) => {
    bytes[offset + 100]! ^= 1;
    return bytes;
  });
  const { faults, blobs } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ path: at }) => at.toString())).toEqual([path]);
  const all = [...nodes.values()].flatMap(({ content }) => content ?? []).length;
  // Its own file of the snapshot is one more.
  expect(blobs).toBe(all - 1 + 1);
  compare([...packs.values()].flat().filter((each) => each !== path));
});

test("a pack that was cut short gives what lies before the cut", async () => {
  using folder = temporaryFolder();
  const { repository, tree, packs, compare } = await setUp(folder);
  const [[pack, inIt]] = [...packs] as [[string, string[]]];
  const nodes = await nodesOf(repository, tree);
  let cut = 0;
  await damage(repository, { type: "pack", name: pack }, (bytes) =>
    bytes.subarray(0, (cut = bytes.length >> 1)),
  );
  const lost = inIt.filter((path) =>
    (nodes.get(path)?.content ?? []).some((id) => {
      const at = repository.index.locate("data", id);
      return at.pack === pack && at.offset + at.length > cut;
    }),
  );
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ path }) => path.toString()).sort()).toEqual([...lost].sort());
  expect(lost.length).toBeLessThan(inIt.length);
  compare([...packs.values()].flat().filter((path) => !lost.includes(path)));
});

test("a directory whose tree is lost is told, the rest comes back", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const [id] = await storeBlobs(repository, "data", Buffer.from("12345"));
  const good = { ...FILE, name: "good", size: 5, content: [id] };
  const hostile = await rawTree(repository, { ...FILE, name: ".." });
  const tree = await rawTree(
    repository,
    { ...DIR, name: "bad", subtree: hostile },
    { ...DIR, name: "gone", subtree: "ab".repeat(32) },
    good,
  );
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ path, damaged }) => `${path.toString()} ${damaged}`)).toEqual([
    "/bad true",
    "/gone true",
  ]);
  expect(found(folder.at("target"))).toEqual(["bad", "gone", "good"]);
  expect(fs.readFileSync(folder.at("target/good"), "utf8")).toBe("12345");
  const walking = async () => {
    for await (const _ of walkTree(repository, tree)) continue;
  };
  await expect(walking()).rejects.toMatchObject({ code: "E_DAMAGED" });
});

test("what the file system refuses of one entry costs that one", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const [id] = await storeBlobs(repository, "data", Buffer.from("12345"));
  const content = { size: 5, content: [id] };
  const inner = await rawTree(repository, { ...FILE, name: "inner", ...content });
  const tree = await rawTree(
    repository,
    { ...FILE, name: "a".repeat(300), ...content },
    { ...DIR, name: "d".repeat(300), subtree: inner },
    { ...FILE, name: "good", ...content },
  );
  const { faults, files } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults.map(({ damaged }) => damaged)).toEqual([false, false, false]);
  expect(files).toBe(1);
  expect(fs.readFileSync(folder.at("target/good"), "utf8")).toBe("12345");
});

test("a target that is full of other things is not written over", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("target"));
  fs.writeFileSync(folder.at("target/good"), "mine", { mode: 0o644 });
  fs.symlinkSync(folder.at("target/good"), folder.at("target/link"));
  const repository = await newRepository();
  const [id] = await storeBlobs(repository, "data", Buffer.from("12345"));
  const tree = await rawTree(
    repository,
    { ...FILE, name: "good", size: 5, content: [id] },
    { ...FILE, name: "link", size: 5, content: [id] },
  );
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toHaveLength(2);
  expect(fs.readFileSync(folder.at("target/good"), "utf8")).toBe("mine");
  expect(fs.statSync(folder.at("target/good")).mode & 0o777).toBe(0o644);
});

test("modes and times come back, also those of a directory that refuses writing", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const inner = await rawTree(repository, {
    ...FILE,
    name: "file",
    mode: 0o400,
    mtime: "2001-02-03T04:05:06.789Z",
  });
  const dir = {
    ...DIR,
    name: "dir",
    mode: 2 ** 31 + 0o500,
    mtime: "1969-12-31T23:59:59.5Z",
    subtree: inner,
  };
  const tree = await rawTree(repository, dir);
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toEqual([]);
  const [directory, file] = [
    fs.statSync(folder.at("target/dir")),
    fs.statSync(folder.at("target/dir/file")),
  ];
  expect([directory.mode & 0o777, file.mode & 0o777]).toEqual([0o500, 0o400]);
  expect([directory.mtimeMs, file.mtimeMs]).toEqual([-500, Date.parse("2001-02-03T04:05:06.789Z")]);
});

test("only what is selected comes, with the directories that lead there", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const deep = await rawTree(repository, { ...FILE, name: "other" }, { ...FILE, name: "wanted" });
  const top = await rawTree(
    repository,
    { ...DIR, name: "deep", subtree: deep },
    { ...DIR, name: "empty", subtree: await rawTree(repository) },
  );
  const tree = await rawTree(repository, { ...DIR, name: "top", subtree: top });
  await restore({
    repository,
    tree,
    target: Buffer.from(folder.at("target")),
    select: (path, node) =>
      path.toString().endsWith("wanted") ? "take" : node.type === "dir" ? "descend" : "skip",
    progress: silentProgress,
    signal: never,
  });
  expect(found(folder.at("target"))).toEqual(["top", "top/deep", "top/deep/wanted"]);
});

test("an interruption ends it", async () => {
  using folder = temporaryFolder();
  const { repository, tree } = await setUp(folder);
  const reason = new Error("enough");
  const abort = new AbortController();
  const restoring = restore({
    repository,
    tree,
    target: Buffer.from(folder.at("target")),
    select: () => "take",
    progress: { ...silentProgress, add: () => abort.abort(reason) },
    signal: abort.signal,
  });
  await expect(restoring).rejects.toBe(reason);
});

test("blobs that an index claims to lie in one place are each proven", async () => {
  using folder = temporaryFolder();
  const repository = await newRepository();
  const [one] = await storeBlobs(repository, "data", Buffer.from("12345"));
  const at = repository.index.locate("data", one as string);
  const other = idOf(Buffer.from("54321"));
  repository.index.addPack(at.pack, [{ ...at, id: other }]);
  const tree = await rawTree(
    repository,
    { ...FILE, name: "a", size: 5, content: [one] },
    { ...FILE, name: "b", size: 5, content: [other] },
  );
  const select = () => "take" as const;
  const options = { select, progress: silentProgress, signal: never };
  const { faults } = await restore({
    repository,
    tree,
    target: Buffer.from(folder.at("target")),
    ...options,
  });
  expect(faults.map(({ path }) => path.toString())).toEqual(["/b"]);
  expect(fs.readFileSync(folder.at("target/a"), "utf8")).toBe("12345");
});
