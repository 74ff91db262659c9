import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import {
  backUp,
  newRepository,
  nodesOf,
  restoreTree,
  temporaryFolder,
} from "../../test/support/archives.ts";

/** A snapshot that is begun long after now: no file is too young to be called unchanged. */
const later = () => new Date(Date.now() + 60_000);

test("a file is unchanged when all of its times are, and it was not too young", async () => {
  using folder = temporaryFolder();
  for (const name of ["same", "touched", "grown", "replaced", "mode"]) {
    fs.writeFileSync(folder.at(name), name);
  }
  const repository = await newRepository();
  const now = later();
  const first = await backUp(repository, folder.path, { now });
  const second = await backUp(repository, folder.path, { now });
  expect([...new Set(second.states.values())]).toEqual(["unchanged"]);
  const subtree = async (tree: string) =>
    (await nodesOf(repository, tree)).get(folder.path)?.subtree;
  expect(await subtree(second.tree)).toBe(await subtree(first.tree));

  fs.utimesSync(folder.at("touched"), 1, 1);
  fs.appendFileSync(folder.at("grown"), "!");
  fs.renameSync(folder.at("replaced"), folder.at("old"));
  fs.copyFileSync(folder.at("old"), folder.at("replaced"));
  const { mtime } = fs.statSync(folder.at("old"));
  fs.utimesSync(folder.at("replaced"), mtime, mtime);
  fs.chmodSync(folder.at("mode"), 0o600);
  const third = await backUp(repository, folder.path, { now });
  const states = Object.fromEntries(
    [...third.states].map(([path, state]) => [path.slice(folder.path.length + 1), state]),
  );
  expect(states).toEqual({
    same: "unchanged",
    touched: "read, unchanged",
    grown: "changed",
    replaced: "read, unchanged",
    mode: "read, unchanged",
    old: "new",
  });
});

test("content changed behind the back of mtime is seen by ctime", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "before");
  fs.utimesSync(folder.at("file"), 1000, 1000);
  const repository = await newRepository();
  await backUp(repository, folder.path, { now: later() });
  fs.writeFileSync(folder.at("file"), "after!");
  fs.utimesSync(folder.at("file"), 1000, 1000);
  const second = await backUp(repository, folder.path);
  const node = (await nodesOf(repository, second.tree)).get(folder.at("file"));
  expect(node?.content).toEqual([createHash("sha256").update("after!").digest("hex")]);
});

test("what changed within two seconds before a backup is read again by the next", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "x");
  const ctime = fs.statSync(folder.at("file")).ctimeMs;
  const repository = await newRepository();
  await backUp(repository, folder.path, { now: new Date(ctime + 1900) });
  const young = await backUp(repository, folder.path, { now: new Date(ctime + 2100) });
  expect(young.states.get(folder.at("file"))).toBe("read, unchanged");
  const old = await backUp(repository, folder.path, { now: new Date(ctime + 5000) });
  expect(old.states.get(folder.at("file"))).toBe("unchanged");
});

test.each(["-wal", "-journal"])(
  "a file beside its %s is read whatever its times say",
  async (suffix) => {
    using folder = temporaryFolder();
    fs.writeFileSync(folder.at("db"), "main");
    fs.writeFileSync(folder.at("alone"), "main");
    fs.writeFileSync(folder.at(`db${suffix}`), "log");
    const repository = await newRepository();
    await backUp(repository, folder.path, { now: later() });
    const { states } = await backUp(repository, folder.path, { now: later() });
    expect(states.get(folder.at("db"))).toBe("read, unchanged");
    expect(states.get(folder.at("alone"))).toBe("unchanged");
    expect(states.get(folder.at(`db${suffix}`))).toBe("unchanged");
  },
);

test("an unchanged file whose blobs the repository has lost is read again", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "content");
  const repository = await newRepository();
  await backUp(repository, folder.path, { now: later() });
  for await (const { name } of repository.storage.list("index")) {
    await repository.storage.remove({ type: "index", name });
  }
  const second = await backUp(repository, folder.path, { now: later() });
  expect(second.states.get(folder.at("file"))).toBe("new");
  expect((await restoreTree(repository, second.tree, folder.at("target"))).faults).toEqual([]);
});

test("a damaged parent costs time, not the backup", async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(folder.at("file"), "x");
  const repository = await newRepository();
  await backUp(repository, folder.path, { now: later() });
  const parent = { tree: "ab".repeat(32), time: later().getTime() };
  const { states, tree } = await backUp(repository, folder.path, { parent });
  expect(states.get(folder.at("file"))).toBe("new");
  expect((await nodesOf(repository, tree)).has(folder.at("file"))).toBe(true);
});
