import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type {
  BackupDocument,
  CheckDocument,
  InitDocument,
  LsDocument,
  RecoveryKit,
  SnapshotDocument,
} from "../../src/operations/documents.ts";
import { Household } from "../e2e/household.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { compareTrees } from "./compare-trees.ts";
import { makeOddTree } from "./odd-tree.ts";
import { PASSWORD, Restic, temporaryFolder } from "./restic.ts";

const ODD = "workspace/odd";

/** How a repository may have been made. Each version of restic reads and writes all of them. */
const KINDS: Record<string, { name: string; init: string[]; backup: string[] }[]> = {
  "restic 0.14": [
    { name: "compressed by default", init: [], backup: [] },
    { name: "of version 1", init: ["--repository-version", "1"], backup: [] },
  ],
  "restic 0.18": [
    { name: "with --compression off", init: [], backup: ["--compression", "off"] },
    { name: "with --compression max", init: [], backup: ["--compression", "max"] },
  ],
};

/** An instance with the odd tree in its workspace; restic before 0.16 loses one link's target. */
async function makeOddInstance(stateDir: string): Promise<MadeInstance> {
  const made = await makeLayoutC(stateDir);
  mkdirSync(join(stateDir, ODD));
  await makeOddTree(join(stateDir, ODD));
  rmSync(join(stateDir, ODD, "links/to-bytes"));
  return made;
}

/** Fails unless the odd tree came back; pipes, sockets and devices are noted and not taken. */
function expectOddTree(house: Household, restored: string): void {
  const differences = compareTrees(house.state(ODD), join(restored, house.state(ODD)), {
    timeTolerance: 999n,
    ignore: "specials",
  });
  expect(differences).toEqual([]);
}

for (const peer of resticVersions) {
  describe(`${peer.name} on what the program made`, () => {
    let house: Household;
    let made: MadeInstance;
    let first: InitDocument;
    let phrase: string;
    beforeAll(async () => {
      if (peer.program === undefined) return;
      house = await Household.create(async (stateDir) => (made = await makeOddInstance(stateDir)));
      first = await house.json<InitDocument>("init");
      phrase = (await house.json<{ phrase: string }>("key export --show-phrase")).phrase;
    });
    afterAll(() => house?.[Symbol.asyncDispose]());

    const restic = (program: string, ...args: string[]): string => {
      const own = new Restic(program, house.root);
      const env = { RESTIC_PASSWORD: phrase, RESTIC_REPOSITORY: house.repository };
      return own.runWith(env, ...args).toString();
    };

    peerTest(
      "opens by the phrase, checks all data, and restores byte for byte",
      peer,
      (program) => {
        const snapshots = JSON.parse(restic(program, "snapshots", "--json")) as { id: string }[];
        expect(snapshots.map(({ id }) => id)).toEqual([first.snapshot?.id]);
        expect(restic(program, "check", "--read-data")).toContain("no errors were found");
        const target = house.newTarget();
        restic(program, "restore", "latest", "--target", target);
        expectOddTree(house, target);
        expectSameState(
          { ...made, leftOut: [...made.leftOut, ...leftOutOfOdd()] },
          join(target, made.stateDir),
        );
      },
    );

    peerTest(
      "forgets and prunes; the program goes on, and finds nothing wrong",
      peer,
      async (program) => {
        await house.write("workspace/MEMORY.md", "# Memory\nRemembers another thing.\n");
        await house.json("backup");
        restic(program, "forget", "--keep-last", "1", "--prune");
        expect(await house.json<SnapshotDocument[]>("snapshots")).toHaveLength(1);
        await house.write("workspace/new.md", "new");
        const taken = await house.json<BackupDocument>("backup");
        expect(taken.files).toMatchObject({ new: 1 });
        const checked = await house.json<CheckDocument>("check --read-data");
        expect(checked).toMatchObject({ ok: true, errors: [], snapshots: 2 });
        expect(restic(program, "check", "--read-data")).toContain("no errors were found");
        const target = house.newTarget();
        await house.json(["restore", "--target", target]);
        expectOddTree(house, target);
      },
    );

    peerTest("keeps the program out while it checks, and for no longer", peer, async (program) => {
      const locks = () => readdirSync(join(house.repository, "locks"));
      // At this pace so much takes a minute: it is never done before ours has begun.
      await writeFile(house.state("workspace/noise"), randomBytes(1 << 20));
      await house.json("backup");
      const slowly = ["--limit-download", "20", "check", "--read-data"];
      const checking = spawn(program, ["--no-cache", ...slowly], {
        env: { HOME: house.root, RESTIC_PASSWORD: phrase, RESTIC_REPOSITORY: house.repository },
        stdio: "ignore",
      });
      const exited = once(checking, "exit");
      try {
        while (locks().length === 0 && checking.exitCode === null) await sleep(10);
        await house.expectFailure("backup --lock-wait 1s", {
          exit: 11,
          code: "E_REPO_LOCKED",
          message: new RegExp(`pid ${checking.pid}`, "u"),
        });
        expect(locks()).toHaveLength(1);
      } finally {
        checking.kill("SIGINT");
        await exited;
      }
      expect((await house.run("backup --lock-wait 0s")).code).toBe(0);
      expect(locks()).toEqual([]);
    });

    peerTest(
      "the recovery kit's commands restore, with nothing of ours at hand",
      peer,
      async (program) => {
        const { commands } = await house.json<RecoveryKit>("key export");
        expect(commands).toHaveLength(6);
        for (const name of ["restic", "node"]) {
          const machine = house.newTarget();
          mkdirSync(join(machine, "home"), { recursive: true });
          writeFileSync(join(machine, "phrase.txt"), phrase, { mode: 0o600 });
          // What puts all of it in place is for a machine without the one that is here.
          const own = commands.filter(
            (command) => command.startsWith(`${name} `) && !command.includes("--in-place"),
          );
          expect(own.length).toBeGreaterThan(1);
          for (const command of own) {
            execFileSync("sh", ["-euc", command], {
              cwd: machine,
              env: {
                PATH: [dirname(process.execPath), dirname(program), "/usr/bin:/bin"].join(":"),
                HOME: join(machine, "home"),
              },
              stdio: ["ignore", "pipe", "pipe"],
            });
          }
          expectOddTree(house, join(machine, "restored"));
          expectSameState(
            {
              ...made,
              kept: [...made.kept, "workspace/new.md"],
              leftOut: [...made.leftOut, ...leftOutOfOdd()],
            },
            join(machine, "restored", made.stateDir),
          );
        }
      },
    );

    const leftOutOfOdd = () =>
      readdirSync(house.state(ODD, "types"))
        .filter((name) => name !== "empty")
        .map((name) => join(ODD, "types", name));
  });

  describe.each(KINDS[peer.name] ?? [])(
    `the program on a repository of ${peer.name}, $name`,
    (kind) => {
      peerTest("lists, checks, restores, and backs up into it", peer, async (program) => {
        using folder = temporaryFolder();
        await using house = await Household.create(makeLayoutC);
        const source = folder.make("source");
        await makeOddTree(source);
        rmSync(join(source, "links/to-bytes"));
        const restic = new Restic(program, folder.path);
        restic.run("init", ...kind.init);
        restic.run("backup", ...kind.backup, "--tag", "theirs", source);
        house.env["CLAWBACK_REPO"] = restic.repository;
        house.env["CLAWBACK_PASSWORD"] = PASSWORD;

        const [theirs] = await house.json<SnapshotDocument[]>("snapshots");
        expect(theirs).toMatchObject({ tags: ["theirs"], complete: true, paths: [source] });
        const { entries } = await house.json<LsDocument>(["ls", "latest", source]);
        expect(entries.map(({ path }) => path.slice(source.length + 1)).sort()).toEqual(
          readdirSync(source).sort(),
        );
        expect(await house.json("check --read-data")).toMatchObject({ ok: true });
        const target = house.newTarget();
        await house.json(["restore", "--target", target]);
        expect(
          compareTrees(source, join(target, source), { timeTolerance: 999n, ignore: "sockets" }),
        ).toEqual([]);

        const ours = await house.json<BackupDocument>("backup");
        expect(ours.snapshot?.complete).toBe(true);
        expect(restic.run("check", "--read-data").toString()).toContain("no errors were found");
        expect(restic.snapshots()).toHaveLength(2);
      });
    },
  );
}
