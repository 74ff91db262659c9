import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { currentProcess } from "../../src/fs/process-identity.ts";
import { openTransactions, recover } from "../../src/transaction/recover.ts";
import { stagingFor } from "../../src/transaction/staging.ts";
import { beginUndo, discard, lastCommitted, undoable } from "../../src/transaction/undo.ts";
import { HOUSEHOLD } from "./household.ts";
import { DEAD, Play } from "./play.ts";

async function committed(): Promise<Play> {
  const play = new Play(HOUSEHOLD);
  await using transaction = await play.swap();
  expect(await transaction.commit()).toEqual([]);
  return play;
}

const undo = ({ journalDir }: Play) => beginUndo({ journalDir, owner: DEAD, about: {} });

test("one at a time", async () => {
  using play = new Play(HOUSEHOLD);
  await using first = await play.begin();
  await expect(play.begin()).rejects.toMatchObject({ code: "E_RESTORE_OPEN" });
  await first.revert();
  await using second = await play.begin();
  expect(second.phase).toBe("building");
});

test("nobody recovers what another process is at work on", async () => {
  using play = new Play(HOUSEHOLD);
  const self = await currentProcess();
  await using _ = await play.begin(undefined, { ...self, pid: process.ppid, processStart: "" });
  const other = { ...self, processStart: "other" };
  await expect(recover(play.journalDir, other)).rejects.toMatchObject({ code: "E_RESTORE_OPEN" });
  expect(await openTransactions(play.journalDir)).toMatchObject([{ phase: "building" }]);
});

test("the journal is there as long as something is to be finished", async () => {
  using play = new Play(HOUSEHOLD);
  await using transaction = await play.swap();
  expect(fs.existsSync(transaction.journalFile)).toBe(true);
  await transaction.commit();
  expect(fs.existsSync(transaction.journalFile)).toBe(false);
});

test("what else is to be undone is done before the journal goes", async () => {
  using play = new Play(HOUSEHOLD);
  await using transaction = await play.swap();
  await transaction.note({ bars: ["a bar"] });
  const seen: unknown[] = [];
  await transaction.revert(async (about) => {
    seen.push(about, fs.existsSync(transaction.journalFile), play.picture() === play.before);
  });
  expect(seen).toEqual([{ bars: ["a bar"] }, true, true]);
});

test("what is kept says since when, where, and what it takes", async () => {
  using play = await committed();
  const kept = await undoable(play.journalDir);
  expect(kept).toMatchObject({ isUndo: false, about: { why: "a test" } });
  expect(kept?.bytes).toBeGreaterThan(4096);
  expect(Date.now() - Date.parse(kept?.since ?? "")).toBeLessThan(60_000);
  for (const directory of kept?.directories ?? []) {
    expect(fs.readFileSync(join(directory, "WHAT-IS-THIS.txt"), "utf8")).toContain("clawback undo");
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
  }
});

test("the next restore discards what the one before has kept", async () => {
  using play = await committed();
  const first = await lastCommitted(play.journalDir);
  await using transaction = await play.swap();
  await transaction.commit();
  const second = await lastCommitted(play.journalDir);
  expect(second?.id).toBe(transaction.id);
  for (const directory of first?.directories ?? []) expect(fs.existsSync(directory)).toBe(false);
});

test("an undo refuses when what was kept is gone, and nothing is changed", async () => {
  using play = await committed();
  const after = play.picture();
  const kept = await lastCommitted(play.journalDir);
  fs.rmSync(kept?.directories[0] ?? "", { recursive: true });
  await expect(undo(play)).rejects.toMatchObject({ code: "E_NOTHING_TO_UNDO" });
  expect(await undoable(play.journalDir)).toBeUndefined();
  expect(play.picture()).toBe(after);
  await discard(play.journalDir);
  expect(await play.leftovers()).toEqual([]);
  await expect(undo(play)).rejects.toMatchObject({ code: "E_NOTHING_TO_UNDO" });
});

test("what somebody has put in the place of a kept tree is left alone", async () => {
  using play = await committed();
  const directory = (await lastCommitted(play.journalDir))?.directories[0] ?? "";
  fs.renameSync(directory, `${directory}-moved`);
  fs.mkdirSync(directory);
  fs.writeFileSync(join(directory, "mine"), "");
  await discard(play.journalDir);
  expect(fs.readdirSync(directory)).toEqual(["mine"]);
  expect(fs.existsSync(`${directory}-moved`)).toBe(true);
});

test("what changed since stays with the tree that an undo takes away", async () => {
  using play = await committed();
  fs.writeFileSync(join(play.live(0), "npm/left-pad/new"), "installed since");
  fs.writeFileSync(join(play.live(0), "notes"), "written since");
  await play.undo();
  expect(fs.existsSync(join(play.live(0), "npm/left-pad/new"))).toBe(true);
  expect(fs.existsSync(join(play.live(0), "notes"))).toBe(false);
  await play.undo();
  expect(fs.readFileSync(join(play.live(0), "notes"), "utf8")).toBe("written since");
});

test("nothing is carried through a link that the new tree holds", async () => {
  using play = new Play([]);
  const [live, outside] = [join(play.folder, "live"), join(play.folder, "outside")];
  fs.mkdirSync(join(live, "a"), { recursive: true });
  fs.writeFileSync(join(live, "a/x"), "");
  fs.mkdirSync(outside);
  await using transaction = await play.begin();
  const { directory, how } = await transaction.stage(live);
  const staged = join(directory, "new");
  fs.mkdirSync(staged);
  fs.symlinkSync(outside, join(staged, "a"));
  const replacement = { live, staged, carry: ["a/x"], how };
  await expect(transaction.prepare([replacement])).rejects.toMatchObject({ code: "E_FAILED" });
  expect(fs.readdirSync(outside)).toEqual([]);
});

test("while trees change places, a gateway finds a configuration that it refuses, or a whole tree", async () => {
  using play = new Play(HOUSEHOLD);
  const file = join(play.live(0), "openclaw.json");
  const seen = new Set<string>();
  const step = () => seen.add(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "nothing");
  await using transaction = await play.swap(step);
  await transaction.commit();
  expect([...seen]).toEqual(["old config", "not yet", "new config"]);
});

test("a root that is reached by a link is refused", async () => {
  using play = new Play(HOUSEHOLD);
  const link = join(play.folder, "link");
  fs.symlinkSync(play.live(0), link);
  await expect(stagingFor(link, "0")).rejects.toMatchObject({ code: "E_FAILED" });
  await expect(stagingFor(join(link, "agents"), "0")).rejects.toMatchObject({ code: "E_FAILED" });
});

test("a part of a root is staged beside the root", async () => {
  using play = new Play(HOUSEHOLD);
  const part = join(play.live(0), "agents/main");
  const whole = await stagingFor(play.live(0), "0");
  expect(await stagingFor(part, "0", play.live(0))).toEqual(whole);
  expect((await stagingFor(part, "0")).directory).toBe(
    join(play.live(0), "agents/.clawback-restore-0"),
  );
});

test("an unfinished commit is finished by the next command", async () => {
  using play = await committed();
  const first = (await lastCommitted(play.journalDir))?.directories ?? [];
  await using transaction = await play.swap();
  fs.renameSync(transaction.journalFile, join(play.journalDir, `kept-${transaction.id}.json`));
  await transaction[Symbol.asyncDispose]();
  await play.recover();
  for (const directory of first) expect(fs.existsSync(directory)).toBe(false);
});

test("the next restore finishes such a commit too", async () => {
  using play = await committed();
  const first = (await lastCommitted(play.journalDir))?.directories ?? [];
  const second = await play.swap();
  fs.renameSync(second.journalFile, join(play.journalDir, `kept-${second.id}.json`));
  await second[Symbol.asyncDispose]();
  await using third = await play.swap();
  await third.commit();
  for (const directory of first) expect(fs.existsSync(directory)).toBe(false);
  expect(fs.readdirSync(play.journalDir).filter((name) => name !== "lock")).toHaveLength(1);
});

test("a staging that somebody has exchanged is not ours", async () => {
  using play = new Play(HOUSEHOLD);
  await using transaction = await play.begin();
  await play.build(transaction);
  const { directory } = await transaction.stage(play.live(0));
  fs.renameSync(directory, `${directory}-moved`);
  fs.symlinkSync(`${directory}-moved`, directory);
  await expect(transaction.swap()).rejects.toMatchObject({ code: "E_FAILED" });
  expect(play.picture()).toBe(play.before);
});

test("a directory above a root that became a link meanwhile is not followed", async () => {
  using play = new Play(HOUSEHOLD);
  await using transaction = await play.begin();
  await play.build(transaction);
  const above = join(play.live(1), "..");
  fs.renameSync(above, `${above}-moved`);
  fs.symlinkSync(`${above}-moved`, above);
  await expect(transaction.swap()).rejects.toMatchObject({ code: "E_FAILED" });
  expect(play.picture()).toBe(play.before);
});

test.skipIf(process.getuid?.() !== 0)(
  "what root makes in a user's home is the user's",
  async () => {
    using play = new Play([{ ...HOUSEHOLD[3]! }]);
    const home = join(play.folder, "home");
    fs.mkdirSync(home);
    fs.chownSync(home, 1234, 1235);
    const live = join(home, "projects/work/ws");
    await using transaction = await play.begin();
    const { directory, how } = await transaction.stage(live);
    const staged = join(directory, "new");
    fs.mkdirSync(staged);
    await transaction.prepare([{ live, staged, carry: [], how }]);
    await transaction.swap();
    await transaction.commit();
    expect(fs.statSync(join(home, "projects/work"))).toMatchObject({ uid: 1234, gid: 1235 });
  },
);
