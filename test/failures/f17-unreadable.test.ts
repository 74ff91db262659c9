import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { expect, test } from "vitest";
import type { SnapshotDocument } from "../../src/operations/documents.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const CLOSED = ["credentials/oauth.json", "workspace/closed", "workspace/ledger.sqlite"];

test("F17 files that this user cannot read: named, exit 3, the rest is taken", async () => {
  const { house, made } = scene();
  await house.write("credentials/oauth.json", "{}");
  await house.write("workspace/closed/inside/letter.md", "dear");
  await house.write("workspace/ledger.sqlite", "SQLite format 3\0and so on");
  const paths = CLOSED.map((path) => house.state(path));
  // Root reads everything: there, the backup is another user's.
  const options = isRoot ? { uid: NOBODY } : undefined;
  if (isRoot) await house.giveTo(NOBODY);
  if (isRoot) execFileSync("chown", ["root:root", ...paths]);
  for (const path of paths) await chmod(path, isRoot ? 0o700 : 0o000);

  const taken = await scene().backup(3, options);
  expect(taken.errors.map(({ path }) => path).sort()).toEqual(paths);
  for (const { message } of taken.errors) expect(message).toMatch(/permission|EACCES/iu);
  const said = await house.run("backup", options);
  for (const path of paths) expect(said.stdout).toContain(path);
  expect(said).toMatchObject({ code: 3, stdout: expect.stringContaining("incomplete") });
  const [snapshot] = await house.json<SnapshotDocument[]>("snapshots", 0, options);
  expect(snapshot).toMatchObject({ complete: false });
  const { errors, complete } = await scene().manifest();
  expect({ errors, complete }).toEqual({ errors: taken.errors, complete: false });

  const copy = await scene().restore();
  expect(existsSync(copy.state("credentials/oauth.json"))).toBe(false);
  expect(existsSync(copy.state("workspace/closed/inside"))).toBe(false);
  const letter = "workspace/closed/inside/letter.md";
  const leftOut = [...made.leftOut, "credentials/oauth.json", letter, "workspace/ledger.sqlite"];
  expectSameState({ ...made, leftOut }, copy.stateDir);
  if (!isRoot) for (const path of paths) await chmod(path, 0o700);
});
