import { existsSync, readdirSync } from "node:fs";
import { lstat, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLayoutC } from "../fixtures/instances.ts";
import type { BackupDocument } from "../../src/operations/documents.ts";
import type { BesideDocument } from "../../src/operations/restore-beside.ts";
import { Household } from "./household.ts";

const OLD = "I am who I was.\n";
const NEW = "I am somebody else.\n";

let house: Household;
let soul: string;
/** Between the first snapshot and the second. */
let between: string;
beforeAll(async () => {
  house = await Household.withRepository(makeLayoutC);
  soul = house.state("workspace/SOUL.md");
  await writeFile(soul, OLD, { mode: 0o600 });
  await house.json<BackupDocument>("backup");
  between = new Date().toISOString();
  await writeFile(soul, NEW);
  await house.json<BackupDocument>("backup");
  await writeFile(soul, "Oops.\n");
});
afterAll(() => house[Symbol.asyncDispose]());

test("--stdout gives the bytes of a file as it was at a time", async () => {
  const words = ["restore", "--path", soul, "--stdout"];
  expect(await house.run(words)).toMatchObject({ code: 0, stdout: NEW });
  expect(await house.run([...words, "--at", between])).toMatchObject({ code: 0, stdout: OLD });
  expect((await house.run(["cat", soul, "--at", between])).stdout).toBe(OLD);
  const listed = await house.run(["ls", "--at", between, soul, "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject({ entries: [{ size: OLD.length }] });
});

test("--beside puts it next to the original, and never over anything", async () => {
  const words = ["restore", "--path", soul, "--path", house.state("workspace"), "--beside"];
  const done = await house.json<BesideDocument>([...words, "--at", between]);
  expect(done.restored.map(({ path }) => path)).toEqual([soul, house.state("workspace")]);
  const [file = "", directory = ""] = done.restored.map(({ as }) => as);
  expect(basename(file)).toMatch(/^SOUL\.md\.restored-\d{8}-\d{6}$/u);
  expect(await readFile(file, "utf8")).toBe(OLD);
  expect((await lstat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(join(directory, "SOUL.md"), "utf8")).toBe(OLD);
  expect(await readFile(soul, "utf8")).toBe("Oops.\n");
  await house.expectFailure([...words, "--at", between], { exit: 1, code: "E_TARGET_NOT_EMPTY" });
  const left = [house.stateDir, house.state("workspace")].flatMap((each) => readdirSync(each));
  expect(left.filter((name) => name.startsWith(".clawback"))).toEqual([]);
});

test("a link that stands where it would go is not followed", async () => {
  const bait = join(house.root, "bait");
  const words = (path: string) => ["restore", "--path", path, "--beside"];
  const { restored } = await house.json<BesideDocument>(words(house.state("openclaw.json")));
  const stamp = restored[0]?.as.slice(house.state("openclaw.json").length) ?? "";
  await symlink(bait, soul + stamp);
  await house.expectFailure(words(soul), { exit: 1, code: "E_TARGET_NOT_EMPTY" });
  expect(existsSync(bait)).toBe(false);
});

test("what does not fit together is refused", async () => {
  const cases: [words: string, hint: RegExp][] = [
    ["restore --stdout", /--path/u],
    ["restore --beside", /--path/u],
    ["restore --beside --target x --path /x", /./u],
    ["restore abcd1234 --at yesterday --target x", /one of them/u],
    ["restore --at banana --target x", /yesterday 14:00/u],
    ["restore", /--in-place/u],
  ];
  for (const [words, hint] of cases) {
    await house.expectFailure(words, { exit: 2, code: "E_USAGE", hint });
  }
  const early = ["restore", "--at", "2001-01-01", "--path", soul, "--stdout", "--json"];
  await house.expectFailure(["ls", "--at", "2001-01-01"], { exit: 1, code: "E_NO_SNAPSHOT" });
  expect((await house.run(early)).code).toBe(2);
});
