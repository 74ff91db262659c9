import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareTrees } from "./compare-trees.ts";
import { makeOddTree } from "./odd-tree.ts";
import { temporaryFolder } from "./restic.ts";

test("a faithful copy shows no difference, and every kind of unfaithful one does", async () => {
  using folder = temporaryFolder();
  const a = folder.make("a");
  const b = join(folder.path, "b");
  await makeOddTree(a);
  execFileSync("cp", ["-a", a, b]);
  expect(compareTrees(a, b)).toEqual([]);

  const inB = (path: string) => join(b, path);
  const keepTimes = (path: string, change: () => void) => {
    const { mtimeNs } = fs.lstatSync(path, { bigint: true });
    change();
    const time = `@${mtimeNs / 10n ** 9n}.${String(mtimeNs % 10n ** 9n).padStart(9, "0")}`;
    execFileSync("touch", ["-h", "-d", time, path]);
  };
  keepTimes(inB("sizes/text"), () => fs.writeSync(fs.openSync(inB("sizes/text"), "r+"), "T"));
  fs.chmodSync(inB("modes/file-4755"), 0o755);
  execFileSync("touch", ["-d", "2024-07-01T12:00:00.123456788Z", inB("times/time-4")]);
  keepTimes(inB("links"), () => {
    fs.unlinkSync(inB("links/to-bytes"));
    fs.symlinkSync("elsewhere", inB("links/to-bytes"));
  });
  execFileSync("touch", ["-h", "-r", join(a, "links/to-bytes"), inB("links/to-bytes")]);
  keepTimes(inB("links/hard"), () => {
    fs.copyFileSync(inB("links/hard/two"), inB("links/hard/new"));
    fs.renameSync(inB("links/hard/new"), inB("links/hard/two"));
  });
  execFileSync("touch", ["-r", join(a, "links/hard/two"), inB("links/hard/two")]);
  keepTimes(inB("types"), () => fs.unlinkSync(inB("types/socket")));
  keepTimes(inB("deep"), () => fs.writeFileSync(inB("deep/more"), ""));

  const differences = compareTrees(a, b);
  // Without the values: numbers, hashes and paths, which differ from run to run.
  const kinds = differences.map((line) => line.split(/ (?=\d|[0-9a-f]{8}|\/)/)[0] ?? "");
  expect(new Set(kinds)).toEqual(
    new Set([
      '"/deep/more": only in',
      '"/links/hard/two": same file as "/links/hard/one" ≠ undefined',
      '"/links/to-bytes": target',
      '"/modes/file-4755": mode',
      '"/sizes/text": content',
      '"/times/time-4": mtime',
      '"/types/socket": only in',
    ]),
  );
  expect(compareTrees(a, b, { timeTolerance: 999n, ignore: "sockets" })).toHaveLength(5);
});
