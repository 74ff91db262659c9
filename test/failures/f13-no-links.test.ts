import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import type { CheckDocument, SnapshotDocument } from "../../src/operations/documents.ts";
import { Household, PASSWORD } from "../e2e/household.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import { peerTest, rclone } from "../peers/peers.ts";
import { judge } from "./scene.ts";

/** Mounts one directory at another through a file system in user space, until the block ends. */
async function mount(program: string, source: string, target: string): Promise<AsyncDisposable> {
  mkdirSync(source);
  mkdirSync(target);
  const options = ["--config", "/dev/null", "--dir-cache-time", "0s", "--vfs-cache-mode", "off"];
  const child = spawn(program, ["mount", ...options, source, target], { stdio: "ignore" });
  const ended = once(child, "exit");
  const device = statSync(target).dev;
  for (let wait = 0; statSync(target).dev === device; wait += 1) {
    if (child.exitCode !== null || wait > 500)
      throw new Error("nothing is mounted: is there FUSE?");
    await sleep(20);
  }
  return {
    async [Symbol.asyncDispose]() {
      execFileSync("fusermount", ["-u", "-z", target]);
      await ended;
    },
  };
}

describe.skipIf(!kernelHasFuse())("with FUSE (skipped where /dev/fuse cannot be opened)", () => {
  peerTest(
    "F13 a target without hard links and atomic renames, a mount of rclone's",
    rclone,
    onMount,
  );
});

function kernelHasFuse(): boolean {
  try {
    closeSync(openSync("/dev/fuse", "r+"));
    return true;
  } catch {
    return false;
  }
}

async function onMount(program: string): Promise<void> {
  let made: MadeInstance | undefined;
  await using house = await Household.create(async (stateDir) => {
    return (made = await makeLayoutC(stateDir));
  });
  const mounted = join(house.root, "mounted");
  const behind = join(house.root, "behind");
  await using _ = await mount(program, behind, mounted);
  writeFileSync(join(mounted, "probe"), "");
  expect(() => linkSync(join(mounted, "probe"), join(mounted, "twin"))).toThrow();

  house.env["CLAWBACK_PASSWORD"] = PASSWORD;
  house.env["CLAWBACK_REPO"] = join(mounted, "repository");
  expect(await house.run("init")).toMatchObject({ code: 0 });
  await house.write("workspace/MEMORY.md", "# Memory\nKnows about FUSE.\n");
  await Promise.all([house.json("backup"), house.json("backup --tag second")]);
  expect(await house.json<SnapshotDocument[]>("snapshots")).toHaveLength(3);
  const checked = await house.json<CheckDocument>("check --read-data");
  expect(checked).toMatchObject({ ok: true, errors: [], snapshots: 3, unnamedPacks: 0 });

  const target = house.newTarget();
  await house.json(["restore", "--target", target]);
  if (made !== undefined) expectSameState(made, join(target, made.stateDir));
  // Nothing half-written, no lock; and whoever reads what lies behind the mount finds it whole.
  const left = readdirSync(join(behind, "repository"), { recursive: true, encoding: "utf8" });
  expect(left.filter((name) => name.includes("-tmp-") || name.startsWith("locks/"))).toEqual([]);
  judge(house, join(behind, "repository"));
}
