import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  backUp,
  newRepository,
  nodesOf,
  noDatabases,
  restoreTree,
  temporaryFolder,
} from "../../test/support/archives.ts";
import { ClawbackError } from "../errors.ts";
import { LocalStorage } from "../storage/local.ts";
import { MemoryStorage } from "../storage/memory.ts";
import type { FileHandle } from "../storage/storage.ts";
import type { PageImage } from "./archive-options.ts";
import { readFileBytes } from "./read-file.ts";
import type { Selector } from "./walker.ts";

/** A snapshot that is begun long after now: no file is too young to be called unchanged. */
const later = () => new Date(Date.now() + 60_000);

/** Does something when the walk that counts (the second) comes by a name: what was listed before is seen, and not yet read. */
function whenAt(name: string, act: () => void): Selector {
  let passes = 0;
  return (candidate) => {
    if (candidate.name.toString() === name && ++passes === 2) act();
    return undefined;
  };
}

function paths(buffers: readonly Buffer[]): string[] {
  return buffers.map(String);
}

for (const [kind, storage] of [
  ["memory", () => new MemoryStorage()],
  ["a directory", (path: string) => new LocalStorage(path)],
] as const) {
  test(`what was archived in ${kind} is what is restored`, async () => {
    using folder = temporaryFolder();
    const source = folder.at("source");
    fs.mkdirSync(folder.at("source/dir/empty"), { recursive: true });
    const contents: Record<string, Buffer> = {
      big: randomBytes(9 << 20),
      "dir/text": Buffer.alloc(100_000, "text "),
      "dir/nothing": Buffer.alloc(0),
      zwölf: Buffer.from("12"),
    };
    for (const [name, content] of Object.entries(contents))
      fs.writeFileSync(folder.at("source", name), content);
    const repository = await newRepository(storage(folder.at("repository")));
    const first = await backUp(repository, source);
    expect(first.files).toEqual({ new: 4, changed: 0, unchanged: 0 });
    expect(first.bytesScanned).toBe(
      Object.values(contents).reduce((sum, { length }) => sum + length, 0),
    );
    const { faults } = await restoreTree(repository, first.tree, folder.at("target"));
    expect(faults).toEqual([]);
    for (const [name, content] of Object.entries(contents)) {
      expect(fs.readFileSync(folder.at("target", source, name)).equals(content), name).toBe(true);
    }
    expect(fs.readdirSync(folder.at("target", source, "dir/empty"))).toEqual([]);
    expect(fs.readFileSync(folder.at("target/.own/own.json"), "utf8")).toBe("{}");
    const second = await backUp(repository, source);
    expect(second.tree).not.toBe("");
    expect(second.bytesAdded).toBeLessThan(5000);
  });
}

test("a file of several names is one node each, and one file after the restore", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  fs.writeFileSync(folder.at("source/b"), "content");
  fs.linkSync(folder.at("source/b"), folder.at("source/a"));
  fs.linkSync(folder.at("source/b"), folder.at("source/c"));
  const repository = await newRepository();
  const { tree, files } = await backUp(repository, folder.at("source"));
  expect(files.new).toBe(3);
  const nodes = await nodesOf(repository, tree);
  const [a, b] = [nodes.get(folder.at("source/a")), nodes.get(folder.at("source/b"))];
  expect(a?.links).toBe(3n);
  expect(a?.inode).toBe(b?.inode);
  expect(a?.content).toEqual(b?.content);
  const { faults } = await restoreTree(repository, tree, folder.at("target"));
  expect(faults).toEqual([]);
  const inode = (name: string) => fs.statSync(folder.at("target", folder.at("source"), name)).ino;
  expect(new Set(["a", "b", "c"].map(inode)).size).toBe(1);
});

test("when one name of a file is gone, the others have its content all the same", async () => {
  using folder = temporaryFolder();
  // As a program writes a file safely: under a temporary name, then linked to its own.
  fs.writeFileSync(folder.at("a.tmp"), "content");
  fs.linkSync(folder.at("a.tmp"), folder.at("b"));
  fs.linkSync(folder.at("a.tmp"), folder.at("c"));
  fs.writeFileSync(folder.at("z"), "");
  const repository = await newRepository();
  const select = whenAt("z", () => fs.rmSync(folder.at("a.tmp")));
  const { tree, vanished } = await backUp(repository, folder.path, { select });
  expect(paths(vanished)).toEqual([folder.at("a.tmp")]);
  const nodes = await nodesOf(repository, tree);
  expect(nodes.get(folder.at("b"))?.size).toBe(7n);
  expect(nodes.get(folder.at("c"))?.size).toBe(7n);
});

test("a file that another process never stops writing to is taken as a prefix", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  const log = folder.at("source/log");
  fs.writeFileSync(log, randomBytes(20 << 20));
  const writer = spawn("sh", ["-c", 'while :; do echo "one more line" >> "$0"; done', log]);
  try {
    const repository = await newRepository();
    while (fs.statSync(log).size === 20 << 20) await sleep(5);
    const { tree, changedWhileRead } = await backUp(repository, folder.at("source"));
    expect(paths(changedWhileRead)).toEqual([log]);
    const node = (await nodesOf(repository, tree)).get(log);
    expect(node?.size).toBeGreaterThan(20n << 20n);
    const taken: Uint8Array[] = [];
    if (node !== undefined)
      for await (const chunk of readFileBytes(repository, node)) taken.push(chunk);
    const now = fs.readFileSync(log);
    const all = Buffer.concat(taken);
    expect(all.equals(now.subarray(0, all.length))).toBe(true);
  } finally {
    writer.kill("SIGKILL");
  }
});

test("what has taken a file's place since the walk is a failure of that file alone", async () => {
  using folder = temporaryFolder();
  for (const name of ["fifo", "gone", "dir", "link", "kept", "z"])
    fs.writeFileSync(folder.at(name), name);
  const select = whenAt("z", () => {
    for (const name of ["fifo", "gone", "dir", "link"]) fs.rmSync(folder.at(name));
    execFileSync("mkfifo", [folder.at("fifo")]);
    fs.mkdirSync(folder.at("dir"));
    fs.symlinkSync("kept", folder.at("link"));
  });
  const repository = await newRepository();
  const { tree, failures, vanished } = await backUp(repository, folder.path, { select });
  expect(paths(vanished)).toEqual([folder.at("gone")]);
  const codes = Object.fromEntries(failures.map(({ path, code }) => [path.toString(), code]));
  expect(codes).toEqual({
    [folder.at("fifo")]: "EINVAL",
    [folder.at("dir")]: "EINVAL",
    [folder.at("link")]: "ELOOP",
  });
  const nodes = await nodesOf(repository, tree);
  expect([...nodes.keys()].filter((path) => path.startsWith(`${folder.path}/`))).toEqual(
    ["kept", "z"].map((name) => folder.at(name)),
  );
});

const root = process.getuid?.() === 0;
test.runIf(root)("what this user may not read is a failure, the rest is taken", async () => {
  using folder = temporaryFolder();
  fs.chmodSync(folder.path, 0o755);
  fs.mkdirSync(folder.at("closed"), { mode: 0o700 });
  fs.writeFileSync(folder.at("closed/inside"), "");
  fs.writeFileSync(folder.at("secret"), "", { mode: 0o600 });
  fs.writeFileSync(folder.at("open"), "", { mode: 0o644 });
  const repository = await newRepository();
  // nobody
  process.seteuid?.(65_534);
  try {
    const { failures, states } = await backUp(repository, folder.path);
    const codes = failures.map(({ path, code }) => `${path.toString()} ${code}`);
    expect(codes.sort()).toEqual([
      `${folder.at("closed")} EACCES`,
      `${folder.at("secret")} EACCES`,
    ]);
    expect([...states.keys()]).toEqual([folder.at("open")]);
  } finally {
    process.seteuid?.(0);
  }
});

test("names that are no UTF-8 come back byte for byte", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  const name = Buffer.from("63616ee9ff22", "hex");
  const at = (base: string) => Buffer.concat([Buffer.from(`${base}/`), name]);
  fs.writeFileSync(at(folder.at("source")), "content");
  const repository = await newRepository();
  const { tree, states } = await backUp(repository, folder.at("source"));
  expect(states.size).toBe(1);
  await restoreTree(repository, tree, folder.at("target"));
  expect(fs.readFileSync(at(folder.at("target", folder.at("source"))), "utf8")).toBe("content");
});

test("a file that holds the very bytes of a tree is stored beside it", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source/dir"), { recursive: true });
  fs.writeFileSync(folder.at("source/dir/file"), "x");
  const repository = await newRepository();
  const first = await backUp(repository, folder.at("source"), { now: later() });
  const subtree =
    (await nodesOf(repository, first.tree)).get(folder.at("source/dir"))?.subtree ?? "";
  const bytes = await repository.loadBlob("tree", subtree);
  fs.writeFileSync(folder.at("source/copy"), bytes);
  const second = await backUp(repository, folder.at("source"));
  expect((await nodesOf(repository, second.tree)).get(folder.at("source/copy"))?.content).toEqual([
    subtree,
  ]);
  const { faults } = await restoreTree(repository, second.tree, folder.at("target"));
  expect(faults).toEqual([]);
  const restored = fs.readFileSync(folder.at("target", folder.at("source"), "copy"));
  expect(Buffer.compare(restored, bytes)).toBe(0);
});

test("the same content in many files, at once on all threads, is stored once", async () => {
  using folder = temporaryFolder();
  const content = randomBytes(200_000);
  for (let i = 0; i < 300; i++) fs.writeFileSync(folder.at(`file-${i}`), content);
  const repository = await newRepository();
  const { bytesAdded } = await backUp(repository, folder.path);
  expect(bytesAdded).toBeLessThan(400_000);
});

class FailingStorage extends MemoryStorage {
  refuse = false;
  readonly saved: string[] = [];

  override async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    if (this.refuse && handle.type === "pack") throw new ClawbackError("E_NO_SPACE", "full");
    await super.save(handle, data);
    this.saved.push(handle.type);
  }
}

test.each([1000, 60 << 20])(
  "a storage that is full ends a backup of %d bytes with its own words",
  async (size) => {
    using folder = temporaryFolder();
    fs.writeFileSync(folder.at("file"), randomBytes(size));
    const storage = new FailingStorage();
    const repository = await newRepository(storage);
    storage.refuse = true;
    await expect(backUp(repository, folder.path)).rejects.toMatchObject({ code: "E_NO_SPACE" });
    expect(storage.saved).toEqual(["key", "config"]);
  },
);

test("a lock that was lost lets no index be written", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "x");
  const storage = new FailingStorage();
  const repository = await newRepository(storage);
  const assertHeld = () => {
    throw new ClawbackError("E_LOCK_LOST", "lost");
  };
  await expect(backUp(repository, folder.path, { assertHeld })).rejects.toMatchObject({
    code: "E_LOCK_LOST",
  });
  expect(storage.saved).not.toContain("index");
  expect(storage.saved).not.toContain("snapshot");
});

test("an interruption ends it at once, early or in the midst", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), randomBytes(100 << 20));
  const storage = new FailingStorage();
  const repository = await newRepository(storage);
  for (const delay of [0, 50, 150]) {
    const signal = AbortSignal.timeout(delay);
    const backup = backUp(repository, folder.path, { signal });
    await expect(backup, `after ${delay} ms`).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  }
  expect(storage.saved).not.toContain("snapshot");
});

/** An image that is confirmed at the given attempt. */
function captures(path: string, size: number, confirmedAt: number) {
  const attempts: number[] = [];
  const capture = (_: Buffer, attempt: number): Promise<PageImage> => {
    attempts.push(attempt);
    return Promise.resolve({
      path,
      size,
      pageChunk: 4096,
      confirm: () => Promise.resolve(attempt >= confirmedAt),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  };
  return { attempts, hook: { ...noDatabases, capture } };
}

test.each([
  { confirmedAt: 0, attempts: [0], changed: 0 },
  { confirmedAt: 2, attempts: [0, 1, 2], changed: 0 },
  { confirmedAt: 9, attempts: [0, 1, 2], changed: 1 },
])("a database is taken from its image, anew while it is not confirmed: %j", async (expected) => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  fs.writeFileSync(folder.at("source/db"), `SQLite format 3\0${"live".repeat(1000)}`);
  const image = randomBytes(40_000);
  fs.writeFileSync(folder.at("image"), image);
  const { attempts, hook } = captures(folder.at("image"), image.length, expected.confirmedAt);
  const repository = await newRepository();
  const { tree, changedWhileRead } = await backUp(repository, folder.at("source"), {
    databases: hook,
  });
  expect(attempts).toEqual(expected.attempts);
  expect(changedWhileRead).toHaveLength(expected.changed);
  const node = (await nodesOf(repository, tree)).get(folder.at("source/db"));
  expect(node?.size).toBe(40_000n);
  expect(node?.content).toHaveLength(10);
});

test("a database that cannot be captured is a failure of that file", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("db"), "SQLite format 3\0");
  fs.writeFileSync(folder.at("file"), "x");
  const repository = await newRepository();
  const { failures, files } = await backUp(repository, folder.path);
  expect(failures.map(({ path, message }) => `${path.toString()}: ${message}`)).toEqual([
    `${folder.at("db")}: there is no database here`,
  ]);
  expect(files.new).toBe(1);
});
