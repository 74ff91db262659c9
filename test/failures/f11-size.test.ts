import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { InspectDocument } from "../../src/operations/documents.ts";
import { compareTrees } from "../interop/compare-trees.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const GIB = 1024 ** 3;
const LOG = "logs/gateway.log";
const HEAD = "begun\n";
const TAIL = "ended\n";

test("F11 a log of 13 GB that is mostly holes: quick, small, and with holes again", async () => {
  const { house } = scene();
  const size = 13 * GIB;
  await house.write(LOG, HEAD);
  const file = openSync(house.state(LOG), "r+");
  ftruncateSync(file, size);
  writeSync(file, TAIL, size - TAIL.length);
  closeSync(file);

  const begun = performance.now();
  const taken = await scene().backup(0);
  expect(performance.now() - begun).toBeLessThan(30_000);
  expect(taken.bytes.stored).toBeLessThan(5_000_000);
  const copy = await scene().restore();
  const restored = statSync(copy.state(LOG));
  expect(restored.size).toBe(size);
  expect(restored.blocks * 512).toBeLessThan(50_000_000);
  const text = (length: number, position: number) => readAt(copy.state(LOG), length, position);
  expect(text(HEAD.length, 0)).toBe(HEAD);
  expect(text(16, 6 * GIB)).toBe("\0".repeat(16));
  expect(text(TAIL.length, size - TAIL.length)).toBe(TAIL);
});

test("F11 node_modules beside a package.json stay out, and are counted to the byte", async () => {
  const { house } = scene();
  for (let at = 0; at < 500; at += 1) {
    await house.write(`workspace/app/node_modules/p${at % 50}/lib/f${at}.js`, "x".repeat(at));
  }
  await house.write("workspace/app/package.json", "{}");
  await house.write("workspace/app/package-lock.json", "{}");
  const path = house.state("workspace/app/node_modules");
  const { excluded } = await scene().backup(0);
  const entry = excluded.find((one) => one.path === path);
  expect(entry).toMatchObject({ files: 500, bytes: (499 * 500) / 2 });
  expect(entry?.reason).toContain("npm install");
  expect((await scene().manifest()).excluded).toContainEqual(entry);
  expect((await house.json<InspectDocument>("inspect")).excluded).toContainEqual(entry);
  const copy = await scene().restore();
  expect((await readdir(copy.state("workspace/app"))).sort()).toEqual([
    "package-lock.json",
    "package.json",
  ]);
});

test("F11 names that differ in case only, or in how an accent is written, come back", async () => {
  const { house } = scene();
  const names = ["Notes.md", "notes.md", "NOTES.MD", "caf\u00e9.md", "cafe\u0301.md"];
  for (const name of names) await house.write(`workspace/names/${name}`, name);
  await scene().backup(0);
  const copy = await scene().restore();
  expect((await readdir(copy.state("workspace/names"))).sort()).toEqual(names.toSorted());
  for (const name of names) expect(await copy.read(`workspace/names/${name}`)).toBe(name);
});

test("F11 paths far beyond 260 characters come back", async () => {
  const { house } = scene();
  const part = "a-directory-with-a-name-that-somebody-thought-a-lot-about";
  const deep = join("workspace/deep", ...Array.from({ length: 50 }, () => part));
  const name = "n".repeat(255);
  await house.write(join(deep, name), "at the bottom");
  expect(house.state(deep, name).length).toBeGreaterThan(3000);
  await scene().backup(0);
  const copy = await scene().restore();
  expect(await copy.read(join(deep, name))).toBe("at the bottom");
  const whole = { timeTolerance: 999n };
  expect(compareTrees(house.state("workspace/deep"), copy.state("workspace/deep"), whole)).toEqual(
    [],
  );
  expect((await stat(copy.state(deep))).isDirectory()).toBe(true);
  expect(await readFile(copy.state(deep, name), "utf8")).toBe("at the bottom");
});

function readAt(path: string, length: number, position: number): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, position);
    return bytes.toString("latin1");
  } finally {
    closeSync(file);
  }
}
