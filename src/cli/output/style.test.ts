import { expect, test } from "vitest";
import { createStyle, wantsColour } from "./style.ts";

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
])("a terminal: %s, %j: colour %s", (isTTY, env, colour) => {
  expect(wantsColour({ isTTY }, env)).toBe(colour);
});

test("without colour a text stays as it is", () => {
  expect(createStyle(false).bad("x")).toBe("x");
  expect(createStyle(true).bad("x")).toBe("\u001b[31mx\u001b[39m");
});
