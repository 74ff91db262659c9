import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeJournalLock } from "./journal-lock.ts";
import { journalPath, openJournalDirectory, readJournals, writeJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";

const ID = "0123456789abcdef";
const JOURNAL: Journal = {
  version: 1,
  id: ID,
  owner: { hostname: "here", pid: 1 },
  about: {},
  phase: "building",
  way: "forth",
  stagings: [],
  replacements: [],
  isUndo: false,
};

let folder: string;
let path: string;
beforeEach(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), "clawback-journal-"));
  path = journalPath(folder, "open", ID);
  await writeJournal(folder, JOURNAL, () => undefined);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test("it is read as it was written, and private", async () => {
  expect(await readJournals(folder)).toEqual([{ state: "open", journal: JOURNAL }]);
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
});

test("one that others can read, and so perhaps wrote, is not followed", async () => {
  fs.chmodSync(path, 0o640);
  await expect(readJournals(folder)).rejects.toMatchObject({ code: "E_PERMISSION" });
});

test("a link is not followed", async () => {
  fs.renameSync(path, join(folder, "elsewhere"));
  fs.symlinkSync("elsewhere", path);
  await expect(readJournals(folder)).rejects.toMatchObject({ code: "E_PERMISSION" });
});

test("nor is anything in a directory that others may write to", async () => {
  fs.chmodSync(folder, 0o777);
  await expect(readJournals(folder)).rejects.toMatchObject({ code: "E_PERMISSION" });
  await expect(openJournalDirectory(folder)).rejects.toMatchObject({ code: "E_PERMISSION" });
});

test.each(["", "{}", JSON.stringify({ ...JOURNAL, id: "fedcba9876543210" })])(
  "what is no journal is damage: %s",
  async (text) => {
    fs.writeFileSync(path, text);
    await expect(readJournals(folder)).rejects.toMatchObject({ code: "E_DAMAGED" });
  },
);

test("without a directory there are none", async () => {
  expect(await readJournals(join(folder, "nothing"))).toEqual([]);
});

test("the lock is one's until it is let go", () => {
  {
    using first = takeJournalLock(folder);
    expect(first).toBeDefined();
    expect(takeJournalLock(folder)).toBeUndefined();
  }
  using second = takeJournalLock(folder);
  expect(second).toBeDefined();
});
