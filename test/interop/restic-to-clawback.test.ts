import { appendFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { listSnapshots } from "../../src/snapshot/snapshots.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { compareTrees } from "./compare-trees.ts";
import { checkAll, restoreTree } from "../support/archives.ts";
import { makeOddTree } from "./odd-tree.ts";
import { Restic, temporaryFolder } from "./restic.ts";

/** How a repository may have been made: arguments of `init`, and of `backup`. */
const KINDS = [
  { name: "compressed by default", init: [], backup: [] },
  { name: "with --compression off", init: [], backup: ["--compression", "off"] },
  {
    name: "with --compression max, in small packs",
    init: [],
    backup: ["--compression", "max", "--pack-size", "4"],
  },
  { name: "of version 1", init: ["--repository-version", "1"], backup: [] },
];

for (const peer of resticVersions) {
  for (const kind of KINDS) {
    describe(`a repository of ${peer.name}, ${kind.name}`, () => {
      peerTest("is listed, checked and restored", peer, async (program) => {
        using folder = temporaryFolder();
        const source = folder.make("source");
        await makeOddTree(source);
        // restic before 0.16 loses this target itself.
        if (peer.name === "restic 0.14") rmSync(join(source, "links/to-bytes"));
        const restic = new Restic(program, folder.path);
        restic.run("init", ...kind.init);
        restic.run("backup", ...kind.backup, "--tag", "one,two", source);
        appendFileSync(join(source, "sizes/text"), "one more line\n");
        restic.run("backup", ...kind.backup, source);
        expect(readdirSync(join(restic.repository, "index")).length).toBeGreaterThan(1);

        const repository = await restic.open();
        const snapshots = await listSnapshots(repository);
        expect(snapshots.map(({ id }) => id)).toEqual(restic.snapshots().map(({ id }) => id));
        expect(snapshots[0]?.tags).toEqual(["one", "two"]);
        expect(snapshots[1]?.parent).toBe(snapshots[0]?.id);
        expect(await checkAll(repository)).toEqual([]);

        const target = join(folder.path, "target");
        const result = await restoreTree(repository, snapshots[1]?.tree ?? "", target);
        expect(result.faults.map(({ path, message }) => `${path.toString()}: ${message}`)).toEqual(
          [],
        );
        const restored = join(target, source);
        expect(compareTrees(source, restored, { timeTolerance: 999n, ignore: "sockets" })).toEqual(
          [],
        );
      });
    });
  }

  describe(`keys of ${peer.name}`, () => {
    peerTest("open with each of several passwords, and with no other", peer, async (program) => {
      using folder = temporaryFolder();
      const restic = new Restic(program, folder.path);
      restic.run("init");
      const second = folder.write("second", "zwölf Katzen");
      restic.run("key", "add", "--new-password-file", second);
      const first = await restic.open();
      const again = await restic.open("zwölf Katzen");
      expect(again.id).toBe(first.id);
      expect(again.masterKey).toEqual(first.masterKey);
      await expect(restic.open("zwölf Hunde")).rejects.toMatchObject({ code: "E_WRONG_KEY" });
    });
  });
}
