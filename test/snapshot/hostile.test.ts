import { expect, test } from "vitest";
import { growForEver, hostileFolder, makeHostileTree, runScript } from "./hostile.ts";
import type { HostileBackup } from "./hostile-backup.ts";

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

test("a hostile tree is backed up to its end, and what is told of it is exact", () => {
  using folder = hostileFolder();
  const tree = makeHostileTree(folder.at("tree"), 20_000);
  using _writer = growForEver(folder.at("tree", tree.growing));
  const backUp = () =>
    runScript<HostileBackup>("hostile-backup.ts", folder.at("tree"), folder.at("repository"));
  const first = backUp();
  expect(first.files).toEqual({ new: tree.files, changed: 0, unchanged: 0 });
  expect(first.directories).toBe(tree.directories);
  expect(first.links).toBe(tree.links);
  expect(first.leftOut).toEqual(tree.leftOut);
  expect(first.failures.sort(byPath)).toEqual(tree.failures.sort(byPath));
  expect(first.vanished).toEqual([]);
  expect(first.changedWhileRead).toEqual([tree.growing]);
  expect(first.bytesScanned).toBeGreaterThan(20 * 2 ** 30);
  expect(first.peak, "MiB").toBeLessThan(300);
  const second = backUp();
  expect(second.files).toEqual({ new: 0, changed: 1, unchanged: tree.files - 1 });
  expect(second.failures.sort(byPath)).toEqual(tree.failures);
  expect(second.peak, "MiB").toBeLessThan(300);
});
