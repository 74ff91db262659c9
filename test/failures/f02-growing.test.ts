import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { start } from "./program.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const LINE = `${JSON.stringify({ seq: 0, role: "user", text: "said before" })}\n`;
const GROWING = [
  "agents/clawd/sessions/live.jsonl",
  "sessions/live.jsonl",
  "logs/gateway.log",
  "workspace/notes.jsonl",
];

test("F2 transcripts and logs grow while they are read: a prefix, its last line unfinished at most", async () => {
  const { house } = scene();
  for (const path of GROWING) await house.write(path, LINE.repeat(200_000));
  const paths = GROWING.map((path) => house.state(path));
  const sizes = () => paths.map((path) => statSync(path).size);
  await using _ = await start("append", "steadily", ...paths);
  const before = sizes();
  await scene().backup(0);
  const after = sizes();
  expect(after.every((size, at) => size > (before[at] ?? 0) + 100_000)).toBe(true);

  const copy = await scene().restore();
  for (const [at, path] of GROWING.entries()) {
    const taken = readFileSync(copy.state(path));
    expect(taken.length).toBeGreaterThanOrEqual(before[at] ?? Infinity);
    expect(taken.length).toBeLessThanOrEqual(after[at] ?? 0);
    expect(taken.equals(readFileSync(house.state(path)).subarray(0, taken.length)), path).toBe(
      true,
    );
    const whole = taken.toString("utf8").split("\n").slice(0, -1);
    expect(() => whole.map((line) => JSON.parse(line)), path).not.toThrow();
  }
});

test("F2 a log that grows faster than it can be read: the backup ends", async () => {
  const { house } = scene();
  await house.write("logs/flood.log", "");
  await using _ = await start("append", "flat-out", house.state("logs/flood.log"));
  const begun = performance.now();
  await scene().backup(0);
  expect(performance.now() - begun).toBeLessThan(20_000);
});
