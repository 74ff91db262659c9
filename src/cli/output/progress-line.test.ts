import { expect, test } from "vitest";
import { progressLine, progressText } from "./progress-line.ts";
import { displayWidth } from "./table.ts";

const state = {
  phase: "reading",
  total: { files: 2000, bytes: 4_194_304 },
  files: 500,
  bytes: 1_048_576,
  current: "/home/ada/.openclaw/state/openclaw.sqlite",
  elapsed: 4000,
};

test("phase, share, counts, speed, time left, file", () => {
  expect(progressText(state, 120)).toBe(
    "reading  25%  500/2,000 files  1.0 MiB  256 KiB/s  12 s left  /home/ada/.openclaw/state/openclaw.sqlite",
  );
});

test("fits the terminal", () => {
  expect(displayWidth(progressText(state, 60))).toBe(60);
});

test("without a total it counts", () => {
  expect(progressText({ ...state, total: {}, current: undefined, elapsed: 100 }, 80)).toBe(
    "reading  500 files  1.0 MiB",
  );
});

test("draws at most ten times a second, and wipes its line at the end", () => {
  const written: string[] = [];
  let time = 0;
  const line = progressLine({ write: (text) => written.push(text), columns: 80 }, () => time);
  line.start("reading", { files: 1000 });
  for (; time < 1000; time++) line.add({ files: 1 });
  expect(written.length).toBeGreaterThan(8);
  expect(written.length).toBeLessThanOrEqual(11);
  line.finish();
  expect(written.at(-1)).toBe("\r\u001b[K");
  const before = written.length;
  line.finish();
  line.add({ files: 1 });
  expect(written).toHaveLength(before);
});

test("a note stands on a line of its own", () => {
  const written: string[] = [];
  const line = progressLine({ write: (text) => written.push(text) }, () => 0);
  line.start("reading");
  line.note("waiting for the lock");
  expect(written.join("")).toBe(
    "\r\u001b[Kreading\r\u001b[Kwaiting for the lock\n\r\u001b[Kreading",
  );
});
