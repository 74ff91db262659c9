import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { BackupDocument, CheckDocument } from "../../src/operations/documents.ts";
import { currentLockIdentity, lockRecord } from "../../src/repository/lock-record.ts";
import { Repository } from "../../src/repository/repository.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { makeLayoutB } from "../fixtures/instances.ts";
import { Household, PASSWORD } from "./household.ts";

const MIB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;

let house: Household;
let snapshot: string;
beforeAll(async () => {
  house = await Household.withRepository(makeLayoutB);
  snapshot = (await house.json<BackupDocument>("backup")).snapshot?.id ?? "";
});
afterAll(() => house[Symbol.asyncDispose]());

/** Another repository of the same household, a copy of the first. */
async function copyOf(name: string): Promise<{ path: string; env: Record<string, string> }> {
  const path = join(house.root, "disk", name);
  await cp(house.repository, path, { recursive: true });
  return { path, env: { CLAWBACK_REPO: path } };
}

/** The paths of one kind of a repository's files. */
async function filesOf(repository: string, kind: string): Promise<string[]> {
  if (kind === "config") return [join(repository, "config")];
  const entries = await readdir(join(repository, kind), { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

test("no repository there: exit 10, and none is made", async () => {
  const place = join(house.root, "disk/none");
  for (const words of ["backup", "snapshots", "check", "ls", "key list"]) {
    await house.expectFailure(
      words,
      { exit: 10, code: "E_NO_REPO", hint: /clawback init|--repo/u },
      { env: { CLAWBACK_REPO: place } },
    );
  }
  expect(existsSync(place)).toBe(false);
});

test("a directory with something else in it is no repository, and stays as it is", async () => {
  const place = join(house.root, "photos");
  await mkdir(place);
  await writeFile(join(place, "cat.jpg"), "a cat");
  for (const words of ["backup", "check"]) {
    await house.expectFailure(
      words,
      { exit: 10, code: "E_NO_REPO" },
      { env: { CLAWBACK_REPO: place } },
    );
  }
  await house.expectFailure(
    "init",
    { exit: 1, code: "E_FAILED" },
    { env: { CLAWBACK_REPO: join(place, "cat.jpg") } },
  );
  expect(await readdir(place)).toEqual(["cat.jpg"]);
});

describe("the password", () => {
  const none = { CLAWBACK_PASSWORD: "" };

  test("a wrong one: exit 12, and the repository is as it was", async () => {
    const before = await house.repositoryFiles();
    for (const words of ["backup", "snapshots", "check", "key list"]) {
      const said = await house.expectFailure(
        words,
        { exit: 12, code: "E_WRONG_KEY" },
        { env: { CLAWBACK_PASSWORD: "not-the-one-at-all" } },
      );
      expect(said.stdout + said.stderr).not.toContain("not-the-one-at-all");
    }
    expect(await house.repositoryFiles()).toEqual(before);
  });

  test("none, and nobody to ask: the flag is named", async () => {
    const expected = { exit: 12, code: "E_NO_PASSWORD", hint: /--password-file/u };
    const { stderr } = await house.expectFailure("snapshots", expected, { env: none });
    expect(stderr).toContain("--password-command");
  });

  test("its file is not there: named; readable by others: warned of, and used", async () => {
    const file = join(house.root, "password");
    const missing = await house.run(["snapshots", "--password-file", file], { env: none });
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain(file);
    expect(missing.stderr).toMatch(/^hint: /mu);
    await writeFile(file, `${PASSWORD}\n`);
    await chmod(file, 0o644);
    const wide = await house.run(["snapshots", "--password-file", file], { env: none });
    expect(wide).toMatchObject({ code: 0 });
    expect(wide.stderr).toContain(`warning: other users can read the password file ${file}`);
    expect(wide.stderr).toContain(`chmod 600 ${file}`);
  });
});

describe("snapshots and targets", () => {
  test("an unknown snapshot and an ambiguous beginning are refused", async () => {
    await house.json("backup");
    const repository = await Repository.open(new LocalStorage(house.repository), [PASSWORD]);
    // Until two begin with the same digit.
    const first = new Set<string>();
    let digit = "";
    const template = await readFile(join(house.repository, "snapshots", snapshot));
    expect(template.length).toBeGreaterThan(0);
    const json = Buffer.from(await repository.loadUnpacked("snapshot", snapshot)).toString();
    for (let i = 0; digit === ""; i += 1) {
      const made = Buffer.from(json.replace(/"hostname":"[^"]*"/u, `"hostname":"h${i}"`));
      const { name } = await repository.saveUnpacked("snapshot", made);
      if (first.has(name[0] ?? "")) digit = name[0] ?? "";
      first.add(name[0] ?? "");
    }
    await house.expectFailure(`ls ${digit}`, { exit: 1, code: "E_AMBIGUOUS_ID" });
    for (const words of ["ls zzzz", "diff zzzz", "cat zzzz /x", "find x --snapshot zzzz"]) {
      await house.expectFailure(words, { exit: 1, code: "E_NO_SNAPSHOT", hint: /snapshots/u });
    }
    const target = house.newTarget();
    await house.expectFailure(["restore", "zzzz", "--target", target], {
      exit: 1,
      code: "E_NO_SNAPSHOT",
    });
    expect(existsSync(target)).toBe(false);
  });

  test("a repository without a snapshot says so", async () => {
    const { path, env } = await copyOf("without-snapshot");
    await rm(join(path, "snapshots"), { recursive: true });
    await mkdir(join(path, "snapshots"));
    const expected = { exit: 1, code: "E_NO_SNAPSHOT", hint: /backup/u };
    await house.expectFailure("ls", expected, { env });
    expect(await house.json("snapshots", 0, { env })).toEqual([]);
  });

  test("a target with something in it: nothing is touched", async () => {
    const target = house.newTarget();
    await mkdir(target);
    await writeFile(join(target, "mine.txt"), "mine");
    for (const place of [target, join(target, "mine.txt")]) {
      await house.expectFailure(["restore", snapshot, "--target", place], {
        exit: 1,
        code: "E_TARGET_NOT_EMPTY",
        hint: /--target/u,
      });
    }
    expect(await readdir(target)).toEqual(["mine.txt"]);
    expect(await readFile(join(target, "mine.txt"), "utf8")).toBe("mine");
  });

  test("a target in the repository, an unknown component, a path that is not there", async () => {
    const before = await house.repositoryFiles();
    const to = (target: string) => ["restore", snapshot, "--target", target];
    const target = house.newTarget();
    await house.expectFailure(to(join(house.repository, "data/x")), { exit: 2, code: "E_USAGE" });
    await house.expectFailure([...to(target), "--component", "soul"], {
      exit: 2,
      code: "E_USAGE",
      hint: /workspace/u,
    });
    await house.expectFailure([...to(target), "--path", "/not/there"], {
      exit: 1,
      code: "E_NOT_FOUND",
      hint: /clawback (?:ls|find)/u,
    });
    expect(existsSync(target)).toBe(false);
    expect(await house.repositoryFiles()).toEqual(before);
  });
});

describe("damage is found, said, and never passed on", () => {
  test.each(["config", "keys", "index", "snapshots", "data"])(
    "a bit that flipped in %s",
    async (kind) => {
      const { path, env } = await copyOf(`flipped-${kind}`);
      for (const file of await filesOf(path, kind)) await flip(file);
      const said = await house.run("check --read-data --json", { env });
      // A key that is damaged cannot be told from one for another password.
      if (kind === "keys") {
        expect([12, 13]).toContain(said.code);
      } else {
        expect(said).toMatchObject({ code: 13 });
      }
      const target = house.newTarget();
      const restored = await house.run(["restore", "--target", target, "--json"], { env });
      expect(restored.code).not.toBe(0);
      if (kind === "snapshots") {
        // There is none left to restore, which is not the same as there never having been one.
        expect(restored.stderr).toMatch(/^warning: .*snapshot [0-9a-f]{8}/mu);
      } else if (kind !== "keys") {
        expect(restored).toMatchObject({ code: 13 });
      }
    },
  );

  test.each(["config", "keys", "index", "snapshots", "data"])("%s cut short", async (kind) => {
    const { path, env } = await copyOf(`cut-${kind}`);
    for (const file of await filesOf(path, kind)) {
      await chmod(file, 0o600);
      await truncate(file, 20);
    }
    const said = await house.run("check --json", { env });
    expect(said).toMatchObject({ code: kind === "keys" ? expect.any(Number) : 13 });
    expect(said.code).not.toBe(0);
  });

  test("a pack that is gone: check names it, restore gives the rest and exit 13", async () => {
    const { path, env } = await copyOf("pack-gone");
    const packs = await filesOf(path, "data");
    const sizes = await Promise.all(packs.map(async (pack) => (await readFile(pack)).length));
    const largest = packs[sizes.indexOf(Math.max(...sizes))] ?? "";
    await rm(largest);
    const checked = await house.json<CheckDocument>("check", 13, { env });
    expect(checked.ok).toBe(false);
    expect(checked.errors.join("\n")).toContain(largest.split("/").at(-1)?.slice(0, 8));
    const target = house.newTarget();
    const said = await house.run(["restore", snapshot, "--target", target, "--json"], { env });
    expect(said).toMatchObject({ code: 13 });
    // The next backup puts back what the instance still has.
    await house.json("backup", 0, { env });
  });

  test("an index that is gone: said, and no word of all being well", async () => {
    const { path, env } = await copyOf("index-gone");
    for (const file of await filesOf(path, "index")) await rm(file);
    const checked = await house.json<CheckDocument>("check", 13, { env });
    expect(checked.errors.length).toBeGreaterThan(0);
  });
});

describe("locks", () => {
  async function withLock<T>(record: object, work: () => Promise<T>): Promise<T> {
    const repository = await Repository.open(new LocalStorage(house.repository), [PASSWORD]);
    const { name } = await repository.saveUnpacked("lock", Buffer.from(JSON.stringify(record)));
    try {
      return await work();
    } finally {
      await rm(join(house.repository, "locks", name), { force: true });
    }
  }
  const locks = () => readdir(join(house.repository, "locks"));

  test("an exclusive one of a process that lives: exit 11 when the wait is over", async () => {
    const record = lockRecord(await currentLockIdentity(), true, systemClock.now());
    await withLock(record, async () => {
      const begun = performance.now();
      for (const words of ["backup", "check", `restore --target ${house.newTarget()}`]) {
        await house.expectFailure(`${words} --lock-wait 1s`, {
          exit: 11,
          code: "E_REPO_LOCKED",
          message: new RegExp(`pid ${process.pid}`, "u"),
        });
      }
      expect(performance.now() - begun).toBeGreaterThan(3000);
      // What no prune can take away is read all the same.
      expect(await house.run("snapshots")).toMatchObject({ code: 0 });
      expect(await locks()).toHaveLength(1);
    });
  });

  test("one as restic writes it, of a process that lives", async () => {
    const { hostname, username, pid } = await currentLockIdentity();
    const time = new Date().toISOString();
    const record = { time, exclusive: true, hostname, username, pid, uid: 0, gid: 0 };
    await withLock(record, async () => {
      await house.expectFailure("backup --lock-wait 0s", { exit: 11, code: "E_REPO_LOCKED" });
      expect(await locks()).toHaveLength(1);
    });
  });

  test("F41: one of a process of this machine that is gone is passed by and removed", async () => {
    const { pid } = spawnSync("true");
    const identity = await currentLockIdentity();
    const record = lockRecord({ ...identity, pid, processStart: "1" }, true, systemClock.now());
    await withLock(record, async () => {
      const said = await house.run("backup --lock-wait 0s");
      expect(said).toMatchObject({ code: 0 });
      expect(said.stderr).toContain("removed a stale lock");
      expect(await locks()).toEqual([]);
    });
  });

  test("a shared one keeps nobody from backing up", async () => {
    const record = lockRecord(await currentLockIdentity(), false, systemClock.now());
    await withLock(record, async () => {
      expect((await house.run("backup --lock-wait 0s")).code).toBe(0);
    });
  });
});

describe("a big instance", () => {
  const big = "workspace/big.bin";

  /** Ends the program in the middle of a backup: packs are there, the snapshot is not. */
  async function cutOff(signal: NodeJS.Signals, env: Record<string, string>, repository: string) {
    const before = (await filesOf(repository, "data")).length;
    return house.run("backup", {
      env,
      meanwhile: async (child) => {
        while (child.exitCode === null && (await filesOf(repository, "data")).length === before) {
          await sleep(5);
        }
        child.kill(signal);
      },
    });
  }

  beforeAll(() => house.write(big, randomBytes(200 * MIB)));

  test("Ctrl-C: exit 130, no snapshot, no lock left, and the next run is fine", async () => {
    const { path, env } = await copyOf("interrupted");
    const before = await house.json<unknown[]>("snapshots", 0, { env });
    const said = await cutOff("SIGINT", env, path);
    expect(said).toMatchObject({ code: 130, stdout: "" });
    expect(said.stderr).toContain("(E_INTERRUPTED)");
    expect(await house.json("snapshots", 0, { env })).toHaveLength(before.length);
    expect(await readdir(join(path, "locks"))).toEqual([]);
    await house.json("check", 0, { env });
    const after = await house.json<BackupDocument>("backup", 0, { env });
    expect(after.snapshot?.complete).toBe(true);
    await rm(path, { recursive: true });
  });

  test("F12: killed in the middle, the next run just works and keeps what was stored", async () => {
    const { path, env } = await copyOf("killed");
    expect(await cutOff("SIGKILL", env, path)).toMatchObject({ code: null });
    expect(await readdir(join(path, "locks"))).toHaveLength(1);
    const after = await house.json<BackupDocument>("backup --lock-wait 0s", 0, { env });
    expect(after.snapshot?.complete).toBe(true);
    expect(await readdir(join(path, "locks"))).toEqual([]);
    expect(await house.json("check --read-data", 0, { env })).toMatchObject({ ok: true });
    const cache = join(house.root, "xdg/cache/clawback/scratch");
    expect(existsSync(cache) ? await readdir(cache) : []).toEqual([]);
    await rm(path, { recursive: true });
  });

  test.runIf(isRoot)(
    "a full disk: said, and with more room the next run works (needs root)",
    async () => {
      const disk = join(house.root, "small-disk");
      await mkdir(disk);
      const options = (size: string) => ["-t", "tmpfs", "-o", size, "tmpfs", disk];
      execFileSync("mount", options("size=80m"));
      try {
        const env = { CLAWBACK_REPO: join(disk, "repository") };
        await house.json("init --no-backup", 0, { env });
        await house.expectFailure(
          "backup",
          { exit: 1, code: "E_NO_SPACE", hint: /Free some/u },
          { env },
        );
        expect(await house.json("snapshots", 0, { env })).toEqual([]);
        execFileSync("mount", ["-o", "remount,size=500m", disk]);
        await house.json("check", 0, { env });
        expect((await house.json<BackupDocument>("backup", 0, { env })).snapshot?.complete).toBe(
          true,
        );
        expect(await house.json("check --read-data", 0, { env })).toMatchObject({ ok: true });
        await house.expectFailure(
          ["restore", "--target", join(disk, "restored")],
          { exit: 1, code: "E_NO_SPACE" },
          { env: { ...env, ...(await fill(disk)) } },
        );
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );

  /** Leaves little room on a disk. */
  async function fill(disk: string): Promise<Record<string, string>> {
    await writeFile(join(disk, "filler"), Buffer.alloc(150 * MIB));
    return {};
  }
});
