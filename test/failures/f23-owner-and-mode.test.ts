import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { chmod, chown, cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { executePlan } from "../../src/operations/in-place/execute.ts";
import { planRestore } from "../../src/operations/in-place/plan.ts";
import { Household } from "../e2e/household.ts";
import { makeLayoutC } from "../fixtures/instances.ts";
import { contextAt, DEFAULTS } from "../in-place/here.ts";
import { HostileSnapshot } from "./hostile-snapshot.ts";

/** Whom the instance belonged to when it was backed up, and who gets it. */
const [ANN, BOB] = [4321, 5432];
const isRoot = process.getuid?.() === 0;

let house: Household;
/** Of the machine that gets it. */
let home: string;

beforeAll(async () => {
  house = await Household.withRepository(makeLayoutC);
  await chmod(house.state("telegram.token"), 0o644);
  await house.write("workspace/run.sh", "#!/bin/sh\n");
  await chmod(house.state("workspace/run.sh"), 0o755);
  if (isRoot) for (const path of await house.paths(house.home)) await chown(path, ANN, ANN);
  await house.json("backup");
  home = join(house.root, "other/bob");
});
afterAll(() => house[Symbol.asyncDispose]());

beforeEach(async () => {
  await rm(join(house.root, "other"), { recursive: true, force: true });
  await rm(join(house.root, "xdg/state"), { recursive: true, force: true });
  mkdirSync(home, { recursive: true, mode: 0o755 });
  await chmod(home, 0o755);
  if (isRoot) await chown(home, BOB, BOB);
});

/** Every entry below, links not followed. */
function entriesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? [path, ...entriesOf(path)] : [path];
  });
}

function ownersOf(directory: string): number[] {
  return [...new Set(entriesOf(directory).map((path) => lstatSync(path).uid))];
}

/** Secrets for their owner alone, everything else as it was. */
function expectModes(stateDir: string, { token }: { token: number }): void {
  const modes: Record<string, number> = {
    "openclaw.json": 0o600,
    ".env": 0o600,
    "credentials/whatsapp/default/creds.json": 0o600,
    "state/openclaw.sqlite": 0o600,
    credentials: 0o700,
    "workspace/run.sh": 0o755,
    "telegram.token": token,
  };
  for (const [path, mode] of Object.entries(modes)) {
    expect((lstatSync(join(stateDir, path)).mode & 0o7777).toString(8), path).toBe(
      mode.toString(8),
    );
  }
}

/** The files that somebody else could read now: readable, in directories that all let them in. */
function exposed(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info === undefined || entry.isSymbolicLink()) return [];
    if (entry.isDirectory()) return (info.mode & 0o001) === 0 ? [] : exposed(path);
    return (info.mode & 0o044) === 0 ? [] : [path];
  });
}

test.runIf(isRoot)(
  "F23: root restores in place into a user's home: all of it is that user's",
  async () => {
    const context = contextAt(join(house.root, "other"), home, house.repository);
    const seen = new Set<string>();
    const look = () => {
      for (const path of exposed(home)) seen.add(path);
    };
    const progress = { ...context.progress, add: look, note: look };
    const watched = { ...context, progress };
    const plan = await planRestore(watched, DEFAULTS);
    expect(plan.document.owner).toMatch(/^5432:5432$/u);
    await executePlan(watched, plan, { onStep: look });
    look();
    expect([...seen]).toEqual([]);
    const stateDir = join(home, ".openclaw");
    expect(ownersOf(stateDir)).toEqual([BOB]);
    expect(lstatSync(stateDir).uid).toBe(BOB);
    expectModes(stateDir, { token: 0o600 });
  },
);

test.runIf(isRoot)("F23: --owner says whose it is, in place and below a directory", async () => {
  const target = house.newTarget();
  const words = ["restore", "--owner", "6543:6544", "--yes"];
  await house.json([...words, "--target", target]);
  await house.json([...words, "--in-place", "--no-safety-snapshot"], 0, { env: { HOME: home } });
  for (const stateDir of [join(target, house.stateDir), join(home, ".openclaw")]) {
    expect(ownersOf(stateDir)).toEqual([6543]);
    expect(lstatSync(join(stateDir, "openclaw.json")).gid).toBe(6544);
    expectModes(stateDir, { token: 0o600 });
  }
  // The way there is theirs as well.
  const config = join(target, house.stateDir, "openclaw.json");
  await chmod(house.root, 0o711);
  expect(execFileSync("cat", [config], { uid: 6543, gid: 6544 }).length).toBeGreaterThan(0);
});

test.runIf(isRoot)("F23: without it root gives back whose it was", async () => {
  const target = house.newTarget();
  await house.json(["restore", "--target", target]);
  expect(ownersOf(join(target, house.stateDir))).toEqual([ANN]);
  expectModes(join(target, house.stateDir), { token: 0o644 });
  expect(lstatSync(target).mode & 0o777).toBe(0o700);
});

test.runIf(isRoot)(
  "F23: an ordinary user gets it as their own, whatever the umask is",
  async () => {
    const mine = join(house.root, "other");
    await cp(house.repository, join(mine, "repository"), { recursive: true });
    await writeFile(join(mine, "phrase"), house.env["CLAWBACK_PASSWORD"] ?? "", { mode: 0o600 });
    for (const path of [mine, ...entriesOf(mine)]) await chown(path, BOB, BOB);
    await chmod(house.root, 0o711);
    const env = { HOME: home, CLAWBACK_REPO: join(mine, "repository") };
    const xdg = Object.fromEntries(
      ["CONFIG", "STATE", "CACHE", "DATA"].map((each) => [`XDG_${each}_HOME`, join(mine, each)]),
    );
    const target = join(mine, "target");
    const options = { uid: BOB, env: { ...env, ...xdg } };
    process.umask(0o000);
    try {
      await house.json(["restore", "--target", target, "--yes"], 0, options);
      await house.json(["restore", "--in-place", "--yes"], 0, options);
    } finally {
      process.umask(0o022);
    }
    for (const stateDir of [join(target, house.stateDir), join(home, ".openclaw")]) {
      expect(ownersOf(stateDir)).toEqual([BOB]);
      // In place a secret is its owner's alone; below a directory, which is that, all is as it was.
      expectModes(stateDir, { token: stateDir.startsWith(home) ? 0o600 : 0o644 });
    }
    expect(lstatSync(target).mode & 0o777).toBe(0o700);
    const refused = ["restore", "--target", join(mine, "not"), "--owner", "root"];
    await house.expectFailure(refused, { exit: 1, code: "E_PERMISSION" }, options);
    expect(existsSync(join(mine, "not"))).toBe(false);
    expect(readFileSync(join(home, ".openclaw/.env"), "utf8")).toContain("FAKE_API_KEY");
  },
);

test.runIf(isRoot)("F23: what says that it is root's does not run with root's rights", async () => {
  const snapshot = await HostileSnapshot.of(house.repository);
  const program = await snapshot.file("program", "#!/bin/sh\n", { mode: 2 ** 23 + 0o755 });
  const id = await (await snapshot.put(house.state("workspace"), program)).save();
  const words = ["restore", id, "--in-place", "--yes", "--no-safety-snapshot"];
  await house.json([...words, "--path", house.state("workspace")]);
  const { uid, mode } = lstatSync(house.state("workspace/program"));
  expect([uid, mode & 0o7777]).toEqual([0, 0o755]);
});
