import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClawbackError } from "../../src/errors.ts";
import { checkOpen } from "../../src/operations/check.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { silentProgress } from "../../src/progress.ts";
import { Repository } from "../../src/repository/repository.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { backUp, newRepository, PASSWORD, temporaryFolder } from "../support/archives.ts";

/*
 * Every single damage to a repository is found by `check --read-data`, or by opening it; and what
 * finds it is a finding or a ClawbackError, never a crash.
 */

const SEED = Number(process.env["CLAWBACK_TEST_SEED"] ?? Date.now() % 1_000_000);
const SAMPLES = 200;
const folder = temporaryFolder();
const path = folder.at("repository");
let files: string[];
let opened: Repository;

beforeAll(async () => {
  const source = folder.at("source");
  fs.mkdirSync(join(source, "dir"), { recursive: true });
  fs.writeFileSync(join(source, "text"), "compresses well\n".repeat(50_000));
  fs.writeFileSync(join(source, "dir/noise"), randomBytes(300_000));
  fs.writeFileSync(join(source, "dir/small"), "x");
  const repository = await newRepository(new LocalStorage(path));
  await repository.addKey("a second password");
  await backUp(repository, source);
  fs.writeFileSync(join(source, "more"), randomBytes(50_000));
  fs.appendFileSync(join(source, "text"), "one more line\n");
  await backUp(repository, source);
  files = fs
    .readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.statSync(join(path, name)).isFile())
    .sort();
}, 60_000);

afterAll(() => folder[Symbol.dispose]());

const kindOf = (name: string) => name.split("/")[0] as string;

/**
 * What a check with reading of all data says; undefined when all is well. What is found without
 * reading is found with it too, and much sooner.
 */
async function found(damaged?: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(20_000);
  const context = { progress: silentProgress, signal } as OperationContext;
  try {
    // Opening takes longer than all else, and only these two have a part in it.
    const kind = damaged === undefined ? "config" : kindOf(damaged);
    if (["config", "keys"].includes(kind))
      opened = await Repository.open(new LocalStorage(path), [PASSWORD]);
    const repository = opened;
    const session = { repository, assertHeld: () => {}, signal };
    for (const readDataShare of [0, 1]) {
      const { ok, errors } = await checkOpen(context, session, { readDataShare });
      expect(errors.length === 0).toBe(ok);
      if (!ok) return errors.join("; ");
    }
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ClawbackError);
    return (error as ClawbackError).message;
  }
}

/** Changes a file, asks, and puts it back. */
async function whileDamaged(
  name: string,
  change: (file: string) => void,
): Promise<string | undefined> {
  const file = join(path, name);
  const bytes = fs.readFileSync(file);
  fs.chmodSync(file, 0o600);
  change(file);
  try {
    return await found(name);
  } finally {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, bytes, { mode: 0o400 });
  }
}

function flip(file: string, at: number, bits: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at]! ^= bits;
  fs.writeFileSync(file, bytes);
}

test("the repository is whole, and has some of everything", async () => {
  expect(await found()).toBeUndefined();
  const kinds = Object.groupBy(files, kindOf);
  expect(kinds["config"]).toHaveLength(1);
  expect(kinds["keys"]).toHaveLength(2);
  expect(kinds["index"]).toHaveLength(2);
  expect(kinds["snapshots"]).toHaveLength(2);
  expect(kinds["data"]?.length).toBeGreaterThanOrEqual(4);
});

test(`any bit that flips is found (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const sizes = files.map((name) => fs.statSync(join(path, name)).size);
  const places = files.flatMap((name, i) => [
    { name, at: 0, bits: 1 },
    { name, at: (sizes[i] as number) - 1, bits: 0x80 },
  ]);
  // Small files as often as large ones: what is special is in them.
  const place = fc
    .tuple(fc.nat(files.length - 1), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7))
    .map(([i, share, bit]) => {
      const at = Math.floor(share * ((sizes[i] as number) - 1));
      return { name: files[i] as string, at, bits: 1 << bit };
    });
  places.push(...fc.sample(place, { numRuns: SAMPLES, seed: SEED }));
  for (const { name, at, bits } of places) {
    const message = await whileDamaged(name, (file) => flip(file, at, bits));
    expect(message, `${name}, byte ${at}, bits ${bits}`).toBeDefined();
  }
});

test("a file cut short, emptied or lengthened is found", { timeout: 120_000 }, async () => {
  for (const name of files) {
    const { size } = fs.statSync(join(path, name));
    for (const length of [0, 1, size >> 1, size - 1, size + 1]) {
      const message = await whileDamaged(name, (file) => fs.truncateSync(file, length));
      expect(message, `${name} with ${length} of ${size} bytes`).toBeDefined();
    }
  }
});

test("a file that is gone is found, but for a snapshot and one of several keys", async () => {
  for (const name of files) {
    const message = await whileDamaged(name, (file) => fs.rmSync(file));
    // Nothing else names them: whether they ought to be there is not written anywhere.
    if (["snapshots", "keys"].includes(kindOf(name)) && message === undefined) continue;
    expect(message, name).toBeDefined();
  }
});

test("a file with another's content is found", async () => {
  const groups = Object.values(Object.groupBy(files, kindOf)) as string[][];
  for (const group of groups) {
    for (const [i, name] of group.entries()) {
      const other = group[(i + 1) % group.length] as string;
      if (other === name) continue;
      const bytes = fs.readFileSync(join(path, other));
      const message = await whileDamaged(name, (file) => fs.writeFileSync(file, bytes));
      expect(message, `${relative(path, join(path, name))} as ${other}`).toBeDefined();
    }
  }
});

test("after all that it is whole again", async () => {
  expect(await found()).toBeUndefined();
});
