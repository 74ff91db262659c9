import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect } from "vitest";
import { Repository } from "../../src/repository/repository.ts";
import { listSnapshots } from "../../src/snapshot/snapshots.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { compareTrees } from "./compare-trees.ts";
import { backUp, checkAll, restoreTree } from "../support/archives.ts";
import { makeOddTree } from "./odd-tree.ts";
import { PASSWORD, Restic, temporaryFolder } from "./restic.ts";

for (const peer of resticVersions) {
  describe(`what Clawback writes, in the hands of ${peer.name}`, () => {
    peerTest(
      "is checked, restored, taken as parent, forgotten, pruned, and goes on",
      peer,
      async (program) => {
        using folder = temporaryFolder();
        const source = folder.make("source");
        await makeOddTree(source);
        await settle();
        if (peer.name === "restic 0.14") rmSync(join(source, "links/to-bytes"));
        const restic = new Restic(program, folder.path);
        const repository = await Repository.init(new LocalStorage(restic.repository), PASSWORD);
        const first = await backUp(repository, source);
        expect(first.failures).toEqual([]);
        const leftOut = first.leftOut.map(({ path }) => path.toString().slice(source.length));
        expect(leftOut).toEqual(expect.arrayContaining(["/types/fifo", "/types/socket"]));
        expect(leftOut.filter((path) => !path.startsWith("/types/"))).toEqual([]);

        restic.run("check", "--read-data");
        const target = join(folder.path, "target");
        restic.run("restore", "latest", "--target", target);
        expect(compareTrees(source, join(target, source), { ignore: "specials" })).toEqual([]);

        expect(restic.backup(source, "--host", "host")).toMatchObject({
          files_new: 0,
          files_changed: 0,
        });

        appendFileSync(join(source, "sizes/text"), "one more line\n");
        await settle();
        expect((await backUp(repository, source)).files).toMatchObject({ new: 0, changed: 1 });
        restic.run("key", "add", "--new-password-file", folder.write("second", "zwölf Katzen"));
        restic.run("forget", "--keep-last", "1", "--prune");
        restic.run("check", "--read-data");

        const afterwards = await restic.open("zwölf Katzen");
        expect(await listSnapshots(afterwards)).toHaveLength(1);
        expect(await checkAll(afterwards)).toEqual([]);
        expect((await backUp(afterwards, source)).files).toMatchObject({ new: 0, changed: 0 });
        expect(await checkAll(afterwards)).toEqual([]);
        restic.run("check", "--read-data");
        const latest = (await listSnapshots(afterwards)).at(-1)?.tree ?? "";
        await restoreTree(afterwards, latest, join(folder.path, "ours"));
        const restored = join(folder.path, "ours", source);
        expect(compareTrees(source, restored, { timeTolerance: 999n, ignore: "specials" })).toEqual(
          [],
        );
      },
    );
  });
}

/**
 * What was written less than two seconds before it was read is read again next time, to be sure.
 */
function settle(): Promise<void> {
  return setTimeout(2500);
}
