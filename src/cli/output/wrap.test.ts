import { expect, test } from "vitest";
import { wrap } from "./wrap.ts";

test("a text is broken at its spaces, later lines hang", () => {
  expect(wrap("one two three four", 9, "  ")).toEqual(["one two", "  three", "  four"]);
});

test("a word that is too wide stands alone, and a pipe gets one line", () => {
  expect(wrap("a /very/long/path b", 6)).toEqual(["a", "/very/long/path", "b"]);
  expect(wrap("a /very/long/path b", undefined)).toEqual(["a /very/long/path b"]);
});
