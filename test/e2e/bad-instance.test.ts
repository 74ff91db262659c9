import { existsSync } from "node:fs";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { makeLayoutA, makeLayoutC } from "../fixtures/instances.ts";
import type {
  BackupDocument,
  LsDocument,
  RestoreDocument,
  SnapshotDocument,
} from "../../src/operations/documents.ts";
import { Household, PASSWORD } from "./household.ts";

let template: Household;
let house: Household;
beforeAll(async () => {
  template = await Household.withRepository(makeLayoutA);
});
afterAll(() => template[Symbol.asyncDispose]());
beforeEach(async () => {
  house = await Household.create(makeLayoutA);
  house.env["CLAWBACK_PASSWORD"] = PASSWORD;
  await cp(template.repository, house.repository, { recursive: true });
});
afterEach(() => house[Symbol.asyncDispose]());

async function backup(): Promise<BackupDocument> {
  const taken = await house.json<BackupDocument>("backup");
  expect(taken.snapshot?.complete).toBe(true);
  return taken;
}

async function restored(): Promise<string> {
  const target = house.newTarget();
  await house.json<RestoreDocument>(["restore", "--target", target]);
  return join(target, house.stateDir);
}

test("F15: no OpenClaw anywhere: said so, with the places looked at, and nothing made", async () => {
  await rm(house.stateDir, { recursive: true });
  const elsewhere = join(house.root, "not-made");
  for (const words of ["init", "backup", "inspect"]) {
    await house.expectFailure(
      words,
      { exit: 1, code: "E_NO_INSTANCE", hint: /\.openclaw.*--state-dir/su },
      { env: { CLAWBACK_REPO: elsewhere } },
    );
  }
  expect(existsSync(elsewhere)).toBe(false);
});

test("a broken database: taken as it is, named, and exit 3", async () => {
  const bytes = await readFile(house.state("gateway.db"));
  bytes.fill(0xff, 100, 4096);
  await house.write("gateway.db", bytes);
  const said = await house.run("backup --json");
  const taken = JSON.parse(said.stdout) as BackupDocument;
  expect(JSON.stringify([taken.errors, taken.warnings])).toContain(house.state("gateway.db"));
  expect(await readFile(join(await restored(), "gateway.db"))).toEqual(bytes);
});

test("an unknown component is refused with the names there are", async () => {
  for (const words of ["backup --component soul", "backup --dry-run --component soul"]) {
    await house.expectFailure(words, { exit: 2, code: "E_USAGE", hint: /workspace/u });
  }
  expect(await house.json("snapshots")).toEqual([]);
});

test("a snapshot of one component does not stand in for a whole one", async () => {
  const whole = await backup();
  const part = await house.json<BackupDocument>("backup --component workspace");
  expect(part.components.map(({ component }) => component)).toEqual(["workspace"]);
  const [first, second] = await house.json<SnapshotDocument[]>("snapshots");
  expect([first?.components, second?.components]).toEqual([[], ["workspace"]]);
  const latest = await house.json<LsDocument>("ls latest");
  expect(latest.snapshot.id).toBe(whole.snapshot?.id);
  expect((await house.json<BackupDocument>("backup")).files).toMatchObject({ new: 0, changed: 0 });
});

test("another layout in its place: a restore of the old one is still whole", async () => {
  const first = await backup();
  await rm(house.stateDir, { recursive: true });
  await makeLayoutC(house.stateDir);
  await backup();
  const target = house.newTarget();
  await house.json(["restore", first.snapshot?.id ?? "", "--target", target]);
  expect(existsSync(join(target, house.state("gateway.db")))).toBe(true);
});
