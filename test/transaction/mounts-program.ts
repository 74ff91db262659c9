/**
 * What needs mounts, in a mount namespace of its own: `SCENARIO FOLDER [STEPS]`. It ends well when all is as
 * it must be.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { ClawbackError } from "../../src/errors.ts";
import { stagingFor } from "../../src/transaction/staging.ts";
import { discard } from "../../src/transaction/undo.ts";
import { HOUSEHOLD } from "./household.ts";
import { Cut, cutAfter, Play } from "./play.ts";
import type { RootCase } from "./trees.ts";

const mount = (...words: string[]) => execFileSync("mount", words, { stdio: "inherit" });
const [scenario = "", folder = "", every] = process.argv.slice(2);
const play = new Play(HOUSEHOLD);

/** The state directory is a volume, the workspace is on another file system, with one more inside. */
function mountAll(): void {
  const volume = join(folder, "volume");
  fs.cpSync(play.live(0), volume, { recursive: true, preserveTimestamps: true });
  mount("--bind", volume, play.live(0));
  fs.mkdirSync(join(play.live(0), "agents/main/media"));
  mount("-t", "tmpfs", "tmpfs", join(play.live(0), "agents/main/media"));
  fs.writeFileSync(join(play.live(0), "agents/main/media/photo"), "stays");
  mount("-t", "tmpfs", "tmpfs", play.live(1));
  fs.writeFileSync(join(play.live(1), "SOUL.md"), "old");
}

const scenarios: Record<string, () => Promise<void>> = {
  async "there and back"() {
    mountAll();
    const before = play.picture();
    await using transaction = await play.swap();
    const after = play.picture();
    await transaction.commit();
    assertNew(after, before);
    await play.undo();
    assert.equal(play.picture(), before);
    await play.undo();
    assert.equal(play.picture(), after);
    await discard(play.journalDir);
    assert.equal(play.picture(), after);
    assert.deepEqual(await play.leftovers(), []);
  },
  async "taken back although programs have worked in it"() {
    mountAll();
    const before = play.picture();
    await using transaction = await play.swap();
    for (const name of ["openclaw.json", "gateway.log"]) {
      // As programs write: another file by the same name.
      fs.writeFileSync(join(play.live(0), `${name}.tmp`), "written by a gateway");
      fs.renameSync(join(play.live(0), `${name}.tmp`), join(play.live(0), name));
    }
    await transaction.revert();
    assert.equal(play.picture(), before);
    assert.deepEqual(await play.leftovers(), []);
  },
  async "cut off at every so many steps"() {
    mountAll();
    // A staging inside changes the time of what it is in, until the next step.
    const timeless = () => play.picture().replaceAll(/ \d+$/gm, "");
    const before = timeless();
    let after: string | undefined;
    for (let step = 0; after === undefined; step += Number(every)) {
      const cut = await attempt(async () => {
        await using transaction = await play.swap(cutAfter(step));
        await transaction.commit();
      });
      if (!cut) after = timeless();
      const again = (step * 7) % 31;
      await attempt(() => play.recover(cutAfter(again)));
      await play.recover();
      if (timeless() === before) assert.deepEqual(await play.leftovers(), []);
      else {
        assertNew(timeless(), before);
        await play.undo();
        assert.equal(timeless(), before, `undone after step ${step}`);
        await discard(play.journalDir);
      }
    }
  },
  async "a full disk"() {
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", play.folder);
    const full = new Play(HOUSEHOLD, play.folder);
    for (const [index, root] of HOUSEHOLD.entries()) plantAt(full.live(index), root);
    const before = full.picture();
    await using transaction = await full.begin();
    await full.build(transaction);
    fill(full.folder);
    await assert.rejects(transaction.swap(), isError("E_NO_SPACE"));
    assert.equal(full.picture(), before);
    fs.rmSync(join(full.folder, "filler"));
    assert.deepEqual(await full.leftovers(), []);
  },
  async "a file that is mounted"() {
    mount("--bind", play.live(2), play.live(2));
    await assert.rejects(stagingFor(play.live(2), "0"), isError("E_FAILED"));
  },
  async "a read-only place"() {
    mount("--bind", play.folder, play.folder);
    mount("-o", "remount,bind,ro", play.folder);
    await assert.rejects(stagingFor(play.live(0), "0"), isError("E_PERMISSION"));
    // Only what is mounted there can be written: it is staged inside.
    mount("-t", "tmpfs", "tmpfs", play.live(0));
    const staging = await stagingFor(play.live(0), "0");
    assert.deepEqual(staging, {
      directory: join(play.live(0), ".clawback-restore-0"),
      how: "children",
    });
  },
  async "an ordinary user and directories that may not be written"() {
    for (const index of [0, 1]) readOnly(play.live(index));
    execFileSync("chown", ["-R", "65534:65534", play.folder]);
    process.setgid?.(65_534);
    process.setuid?.(65_534);
    const before = play.picture();
    await using transaction = await play.swap();
    await transaction.revert();
    assert.equal(play.picture(), before);
    assert.deepEqual(await play.leftovers(), []);
    await using again = await play.swap();
    await again.commit();
    await play.undo();
    assert.equal(play.picture(), before);
    await discard(play.journalDir);
    assert.deepEqual(await play.leftovers(), []);
  },
};

function assertNew(picture: string, before: string): void {
  assert.notEqual(picture, before);
  for (const word of ["new config", "new rows", "new words", "rebuilt", "stays", "new include"]) {
    assert.ok(picture.includes(word), `${word} is missing in\n${picture}`);
  }
  for (const word of ["old", "not yet"]) assert.ok(!picture.includes(word), picture);
}

function plantAt(path: string, { old }: RootCase): void {
  fs.mkdirSync(join(path, ".."), { recursive: true });
  if (typeof old === "string") fs.writeFileSync(path, old);
  else if (old !== undefined) {
    fs.mkdirSync(path);
    for (const [name, tree] of Object.entries(old)) {
      plantAt(join(path, name), { ...(HOUSEHOLD[0] as RootCase), old: tree });
    }
  }
}

function fill(directory: string): void {
  const file = fs.openSync(join(directory, "filler"), "w");
  try {
    for (;;) fs.writeSync(file, Buffer.alloc(4096));
  } catch {
    fs.closeSync(file);
  }
}

function readOnly(path: string): void {
  for (const name of fs.readdirSync(path)) {
    if (fs.lstatSync(join(path, name)).isDirectory()) readOnly(join(path, name));
  }
  fs.chmodSync(path, 0o555);
}

function isError(code: string) {
  return (error: unknown) => error instanceof ClawbackError && error.code === code;
}

/** @returns whether it was cut off */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return false;
  } catch (error) {
    if (error instanceof Cut || String(error).includes(Cut.name)) return true;
    throw error;
  }
}

const run = scenarios[scenario];
assert.ok(run !== undefined, `no scenario ${scenario}`);
await run();
