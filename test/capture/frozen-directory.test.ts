import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { isSqliteHeader } from "../../src/capture/database.ts";
import { freezeDirectory } from "../../src/capture/frozen-directory.ts";
import type { FrozenDirectory } from "../../src/snapshot/frozen.ts";
import { connect, fingerprint, temporaryDirectory } from "./live.ts";

function isDatabase(path: Buffer): boolean {
  try {
    return isSqliteHeader(readFileSync(path).subarray(0, 16));
  } catch {
    return false;
  }
}

const freeze = async (directory: string, scratch = temporaryDirectory()) =>
  freezeDirectory(Buffer.from(directory), scratch, { isDatabase });

async function startWriter(directory: string, pauseMs: number): Promise<void> {
  const script = fileURLToPath(new URL("./rotating-keys.ts", import.meta.url));
  const child = fork(script, [directory, String(pauseMs)], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  onTestFinished(async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  });
  await once(child, "message");
}

const contents = ({ entries }: FrozenDirectory) =>
  new Map(
    entries.map(({ name, content }) => [
      name.toString(),
      content === undefined ? undefined : readFileSync(content, "utf8"),
    ]),
  );

test("an account whose keys rotate is frozen between two bursts", { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  await startWriter(directory, 400);
  let settled = 0;
  for (let turn = 0; turn < 8; turn += 1) {
    await using frozen = await freeze(directory);
    // On a machine that is busy otherwise, all of a pause may go by.
    if (!frozen.stable) continue;
    settled += 1;
    const files = contents(frozen.directory);
    const { count } = JSON.parse(files.get("creds.json") ?? "") as { count: number };
    // Written at the burst's start, its end, and in between.
    expect(files.get("last.json")).toBe(String(count));
    expect(files.get(`pre-key-${count}.json`)).toBe(String(count));
    expect(files.has(`pre-key-${count - 20}.json`)).toBe(false);
    for (let key = 0; key < 30; key += 1) {
      expect(files.get(`session-${(count * 7 + key * 10) % 300}.json`)).toBe(String(count));
    }
    expect([...files.keys()].filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }
  console.log(`${settled} of 8 settled`);
  expect(settled).toBeGreaterThan(0);
});

test("F7: one that never rests is taken as last seen, in bounded time, and said to be so", async () => {
  const directory = temporaryDirectory();
  await startWriter(directory, 0);
  const start = performance.now();
  await using frozen = await freeze(directory);
  expect(performance.now() - start).toBeLessThan(20_000);
  expect(frozen.stable).toBe(false);
  expect(contents(frozen.directory).size).toBeGreaterThan(300);
});

test("every kind of entry, as it was", async () => {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  mkdirSync(at("sub/deeper"), { recursive: true });
  writeFileSync(at("sub/deeper/key"), "inner", { mode: 0o644 });
  writeFileSync(Buffer.from(at("\xff raw"), "latin1"), "raw");
  writeFileSync(at("empty"), "");
  symlinkSync("/etc/passwd", at("link"));
  linkSync(at("empty"), at("empty too"));
  spawnSync("mkfifo", [at("pipe")]);
  const gateway = await connect(at("store.db"), 0);
  await gateway.run("pragma journal_mode=wal; create table t(a)");
  const before = fingerprintOf(directory);
  const scratch = temporaryDirectory();
  const frozen = await freeze(directory, scratch);
  expect(fingerprintOf(directory)).toEqual(before);
  expect(frozen.stable).toBe(true);
  const { entries } = frozen.directory;
  expect(entries.map(({ name }) => name.toString("latin1"))).toEqual(
    readdirSync(directory, { encoding: "latin1" }).toSorted(),
  );
  const entry = (name: string) =>
    entries.find((each) => each.name.toString("latin1") === name) ?? expect.fail(name);
  expect(entry("link").linktarget?.toString()).toBe("/etc/passwd");
  const key = entry("sub").directory?.entries[0]?.directory?.entries[0] ?? expect.fail("no key");
  expect(key.stat).toEqual(lstatSync(at("sub/deeper/key"), { bigint: true }));
  expect(readFileSync(key.content ?? "", "utf8")).toBe("inner");
  expect(statSync(key.content ?? "").mode & 0o777).toBe(0o600);
  expect(contents(frozen.directory).get("empty")).toBe("");
  for (const name of ["link", "pipe", "store.db", "store.db-wal", "store.db-shm"]) {
    expect(entry(name).content).toBeUndefined();
  }
  await frozen[Symbol.asyncDispose]();
  expect(readdirSync(scratch)).toEqual([]);
});

/** Of the plain files: a pipe cannot be read. */
function fingerprintOf(directory: string): string[] {
  return fingerprint(join(directory, "sub", "deeper"));
}

test("a database that is written to does not unsettle the files beside it", async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "key"), "k");
  const gateway = await connect(join(directory, "store.db"), 0);
  await gateway.run("pragma journal_mode=delete; create table t(a)");
  const writing = gateway.runFor("insert into t values (1)", 2);
  await using frozen = await freeze(directory);
  expect(frozen.stable).toBe(true);
  expect(contents(frozen.directory).get("key")).toBe("k");
  await writing;
});
