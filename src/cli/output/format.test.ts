import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRelative,
  formatTime,
  printable,
} from "./format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 KiB"],
  [1536, "1.5 KiB"],
  [102_349, "100 KiB"],
  [1_048_576, "1.0 MiB"],
  [1_073_000_000, "1.0 GiB"],
  [5e12, "4.5 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.6, "1 min 00 s"],
  [200, "3 min 20 s"],
  [3840, "1 h 04 min"],
  [183_600, "2 d 3 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0, "just now"],
  [-300, "5 minutes ago"],
  [-3600, "1 hour ago"],
  [-86_400, "yesterday"],
  [-3 * 86_400, "3 days ago"],
  [-60 * 86_400, "2 months ago"],
  [-730 * 86_400, "2 years ago"],
  [7200, "in 2 hours"],
])("%d seconds from now is %s", (seconds, text) => {
  const now = new Date("2026-09-06T12:00:00Z");
  expect(formatRelative(new Date(now.getTime() + seconds * 1000), now)).toBe(text);
});

test("counts agree with their noun", () => {
  expect([
    formatCount(1, "file"),
    formatCount(12_345, "file"),
    formatCount(0, "entry", "entries"),
  ]).toEqual(["1 file", "12,345 files", "0 entries"]);
});

test("a time is the local wall clock", () => {
  expect(formatTime(new Date(2026, 0, 2, 3, 4))).toBe("2026-01-02 03:04");
});

test("a name cannot move the cursor, nor turn the reading direction", () => {
  expect(printable("a\u001b[2Jb\nc\u202egnp.exe")).toBe("a\\u001b[2Jb\\u000ac\\u202egnp.exe");
  expect(printable("grün 日本 👍.md")).toBe("grün 日本 👍.md");
});
