import { execFileSync, spawn } from "node:child_process";
import { createCipheriv } from "node:crypto";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { makeLayoutC } from "../fixtures/instances.ts";
import { compareTrees } from "../interop/compare-trees.ts";
import { resticVersions } from "../peers/peers.ts";
import { PASSWORD, temporaryFolder } from "../support/archives.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const MIB = 1 << 20;

export const SEED = Number(process.env["CLAWBACK_TEST_SEED"] ?? Date.now() % 1_000_000);

/** The built program in a folder of its own, so that a build meanwhile does not pull it away. */
class Program {
  readonly home: string;
  readonly repository: string;
  readonly #bin: string;

  constructor(folder: string) {
    this.home = join(folder, "home");
    this.repository = join(folder, "repository");
    const copy = join(folder, "program");
    for (const name of ["bin", "dist", "package.json", "package-lock.json", "LICENSE", "docs"]) {
      const from = join(PROJECT, name);
      if (fs.existsSync(from)) fs.cpSync(from, join(copy, name), { recursive: true });
    }
    fs.symlinkSync(join(PROJECT, "node_modules"), join(copy, "node_modules"));
    this.#bin = join(copy, "bin/clawback.js");
    fs.mkdirSync(this.home);
    fs.writeFileSync(join(folder, "password"), PASSWORD, { mode: 0o600 });
  }

  start(...words: string[]) {
    const password = join(this.home, "../password");
    const all = [...words, "--repo", this.repository, "-p", password, "--lock-wait", "0s"];
    const child = spawn(process.execPath, [this.#bin, ...all], {
      env: { PATH: process.env["PATH"], HOME: this.home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    const ended = new Promise<number | null>((done) => child.once("close", done));
    return { child, ended, output: () => output };
  }

  /** Runs to the end, which must be a good one. */
  async run(...words: string[]): Promise<string> {
    const { ended, output } = this.start(...words);
    const code = await ended;
    expect(code, `${words.join(" ")}: ${output()}`).toBe(0);
    return output();
  }
}

/** Bytes that do not compress and are the same for the same seed. */
function noise(size: number, seed: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** What changes between two backups: large files, small ones, a database. */
function change(stateDir: string, round: number): void {
  const media = join(stateDir, "media/inbound");
  for (let i = 0; i < 4; i++) {
    fs.writeFileSync(join(media, `film-${i}.mp4`), noise(20 * MIB, round * 100 + i));
  }
  const notes = join(stateDir, "workspace/memory");
  for (let i = 0; i < 400; i++) {
    fs.writeFileSync(
      join(notes, `${round % 3}-${i}.md`),
      `round ${round}, note ${i}\n`.repeat(200),
    );
  }
  const database = new DatabaseSync(join(stateDir, "agents/clawd/agent/openclaw-agent.sqlite"));
  const insert = database.prepare("INSERT INTO transcript_events VALUES (?, ?, ?)");
  database.exec("BEGIN");
  for (let i = 0; i < 5000; i++) insert.run(`round ${round}`, i, noise(500, i).toString("base64"));
  database.exec("COMMIT");
  database.close();
}

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
}

/**
 * Kills a backup with SIGKILL so many times, each at another moment, and proves each time that the
 * repository is whole, that the next backup just works, and that it restores what is there.
 */
export async function killBackups(times: number): Promise<void> {
  using folder = temporaryFolder();
  const program = new Program(folder.path);
  const stateDir = join(program.home, ".openclaw");
  await makeLayoutC(stateDir);
  const restic = resticVersions.find(({ program: found }) => found !== undefined)?.program;
  await program.run("init");
  change(stateDir, 0);
  const begun = performance.now();
  await program.run("backup");
  const duration = performance.now() - begun;
  const moments = fc.sample(fc.double({ min: 0.05, max: 1, noNaN: true }), {
    numRuns: times,
    seed: SEED,
  });
  let killed = 0;
  for (const [i, moment] of moments.entries()) {
    change(stateDir, i + 1);
    const about = `kill ${i} at ${Math.round(moment * duration)} ms`;
    const { child, ended } = program.start("backup");
    await sleep(moment * duration);
    child.kill("SIGKILL");
    if ((await ended) === null) killed++;

    await program.run("check");
    if (restic !== undefined) resticCheck(restic, program);
    await program.run("backup");
    const locks = fs.readdirSync(join(program.repository, "locks"));
    expect(
      locks.filter((name) => !name.includes("-tmp-")),
      about,
    ).toEqual([]);
    const target = folder.at(`target-${i}`);
    await program.run("restore", "--target", target, "--path", join(stateDir, "media"));
    await program.run(
      "restore",
      "--target",
      `${target}-notes`,
      "--path",
      join(stateDir, "workspace/memory"),
    );
    for (const [base, part] of [
      [target, "media"],
      [`${target}-notes`, "workspace/memory"],
    ] as const) {
      const options = { timeTolerance: 999n };
      expect(
        compareTrees(join(stateDir, part), join(base, stateDir, part), options),
        about,
      ).toEqual([]);
      fs.rmSync(base, { recursive: true });
    }
  }
  // A program that is through before it is hit proves nothing.
  expect(killed).toBeGreaterThan(times / 2);
  await program.run("check", "--read-data");
  await expectTidy(program);
}

function resticCheck(restic: string, program: Program): void {
  const env = { PATH: process.env["PATH"], HOME: program.home, RESTIC_PASSWORD: PASSWORD };
  execFileSync(restic, ["--no-cache", "-r", program.repository, "check"], { env, stdio: "pipe" });
}

/** What killed runs left goes: scratch files with the next run, temporary files when they are a day old. */
async function expectTidy(program: Program): Promise<void> {
  const longAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  for (const name of filesBelow(program.repository)) {
    if (name.includes("-tmp-")) fs.utimesSync(join(program.repository, name), longAgo, longAgo);
  }
  await program.run("backup");
  expect(filesBelow(program.repository).filter((name) => name.includes("-tmp-"))).toEqual([]);
  const cache = join(program.home, ".cache/clawback/scratch");
  const scratch = fs.existsSync(cache) ? filesBelow(cache) : [];
  expect(scratch.filter((name) => fs.statSync(join(cache, name)).isFile())).toEqual([]);
}
