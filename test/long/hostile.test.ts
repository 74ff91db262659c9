import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { BackupDocument } from "../../src/operations/documents.ts";
import { Household, PASSWORD } from "../e2e/household.ts";
import { growForEver, makeHostileTree, uid } from "../snapshot/hostile.ts";

const FILES = 200_000;
/** MiB for 200,000 files and twenty gigabytes of hole; a thousand files take 150. */
const MAX_MEMORY = 400;
const INCOMPLETE = 3;

/** A household of that user, whose trees go even if their paths are too long for Node. */
async function hostileHousehold(): Promise<Household> {
  const house = await Household.create();
  house.env["CLAWBACK_PASSWORD"] = PASSWORD;
  await house.write("openclaw.json", "{}");
  await house.write("workspace/MEMORY.md", "I remember.\n");
  if (uid !== undefined) await house.giveTo(uid);
  return house;
}

/** The most memory that a process ever had, in MiB; asked for as long as it runs. */
function watchMemory(): { peak: number; meanwhile(child: { pid?: number | undefined }): void } {
  const watch = {
    peak: 0,
    meanwhile(child: { pid?: number | undefined }) {
      const timer = setInterval(() => {
        try {
          const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
          watch.peak = Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1] ?? 0) / 1024 || watch.peak;
        } catch {
          clearInterval(timer);
        }
      }, 50);
    },
  };
  return watch;
}

test(`a workspace of ${FILES} files, and worse, in flat memory, with an exact report`, async () => {
  await using house = await hostileHousehold();
  const root = house.state("workspace/tree");
  try {
    const asUser = uid === undefined ? {} : { uid };
    expect(await house.run("init --no-backup", asUser)).toMatchObject({ code: 0 });
    const tree = makeHostileTree(root, FILES);
    using _writer = growForEver(`${root}/${tree.growing}`);
    const full = (path: string) => `${root}/${Buffer.from(path, "latin1").toString()}`;
    const backUp = async () => {
      const watch = watchMemory();
      const options = { ...asUser, meanwhile: watch.meanwhile };
      const document = await house.json<BackupDocument>("backup", INCOMPLETE, options);
      const left = document.excluded.map(({ path, reason }) => ({ path, reason }));
      // A link to `/`, which leads to the backups as well.
      const toEverything = {
        path: full("loops/root"),
        reason: "what it leads to holds Clawback's own files",
      };
      const expected = tree.leftOut.map(({ path, reason }) => ({ path: full(path), reason }));
      expect(left).toEqual([...expected, toEverything]);
      expect(document.errors.map(({ path }) => path).sort()).toEqual(
        tree.failures.map(({ path }) => full(path)).sort(),
      );
      expect(watch.peak, "MiB").toBeGreaterThan(50);
      expect(watch.peak, "MiB").toBeLessThan(MAX_MEMORY);
      return document;
    };
    // The configuration and the memory are two more.
    const files = tree.files + 2;
    expect((await backUp()).files).toEqual({ new: files, changed: 0, unchanged: 0 });
    expect((await backUp()).files).toEqual({ new: 0, changed: 1, unchanged: files - 1 });
    expect(await house.run("check", asUser)).toMatchObject({ code: 0 });
  } finally {
    spawnSync("chmod", ["-R", "u+rwX", root], { stdio: "ignore" });
    spawnSync("rm", ["-rf", root], { stdio: "ignore" });
  }
});
