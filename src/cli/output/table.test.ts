import fc from "fast-check";
import { expect, test } from "vitest";
import { createStyle } from "./style.ts";
import { cut, displayWidth, table } from "./table.ts";

const columns = [{ header: "ID" }, { header: "SIZE", align: "right" }, { shrink: "end" }] as const;
const rows = [
  ["3f2a9c1d", "1.5 KiB", "/home/ada/.openclaw/workspace/MEMORY.md"],
  ["00000000", "12 B", "日本"],
];

test("columns are aligned, nothing is cut in a pipe", () => {
  expect(table(columns, rows)).toBe(
    [
      "ID           SIZE",
      "3f2a9c1d  1.5 KiB  /home/ada/.openclaw/workspace/MEMORY.md",
      "00000000     12 B  日本",
    ].join("\n"),
  );
});

test("on a narrow terminal what may shrink is cut, an id never", () => {
  expect(table(columns, rows, 40)).toBe(
    [
      "ID           SIZE",
      "3f2a9c1d  1.5 KiB  /home/ada/.openclaw/…",
      "00000000     12 B  日本",
    ].join("\n"),
  );
  expect(table(columns, rows, 10)).toContain("3f2a9c1d");
});

test("colour takes no room", () => {
  const { good } = createStyle(true);
  const [first, second] = table(
    [{}, {}],
    [
      [good("a"), "x"],
      ["bb", "y"],
    ],
  ).split("\n");
  expect(displayWidth(first ?? "")).toBe(displayWidth(second ?? ""));
});

test("no line is wider than the terminal while something can shrink", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string()), { minLength: 1 }),
      fc.integer({ min: 20, max: 100 }),
      (cells, width) => {
        for (const line of table([{ shrink: "start" }, { shrink: "end" }], cells, width).split(
          "\n",
        )) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
        }
      },
    ),
  );
});

test("cutting leaves room for the ellipsis, also for wide letters", () => {
  expect([cut("abcdef", 6), cut("abcdef", 5), cut("日本語", 5), cut("/a/bc", 4, "start")]).toEqual([
    "abcdef",
    "abcd…",
    "日本…",
    "…/bc",
  ]);
});
