import { expect, test } from "vitest";
import { redactor } from "../config/redact.ts";
import { ClawbackError } from "../errors.ts";
import { createStyle } from "./output/style.ts";
import { asClawbackError, errorDocument, renderError } from "./render-error.ts";

const redact = redactor(() => ["hunter2"]);
const plain = { style: createStyle(false), redact, debug: false };
const locked = new ClawbackError(
  "E_REPO_LOCKED",
  "the repository rest:https://ada:pw123@nas:8000/ is locked by pid 42 on atlas",
  { hint: "If it is dead: clawback unlock --with hunter2" },
);

test("what failed, then what to do, without a secret", () => {
  expect(renderError(locked, plain)).toMatchInlineSnapshot(`
    "error: the repository rest:https://ada:***@nas:8000/ is locked by pid 42 on atlas (E_REPO_LOCKED)
    hint: If it is dead: clawback unlock --with ***
    "
  `);
});

test("no hint, no hint line", () => {
  expect(renderError(new ClawbackError("E_FAILED", "it broke"), plain)).toBe(
    "error: it broke (E_FAILED)\n",
  );
});

test("where it comes from only with --debug, and then redacted as well", () => {
  const error = new ClawbackError("E_FAILED", "it broke", { cause: new Error("pw hunter2") });
  expect(renderError(error, plain)).not.toContain("render-error.test.ts");
  const debug = renderError(error, { ...plain, debug: true });
  expect(debug).toContain("render-error.test.ts");
  expect(debug).toContain("pw ***");
  expect(debug).not.toContain("hunter2");
});

test("the document says the same", () => {
  expect(errorDocument(locked, redact)).toEqual({
    version: 1,
    error: {
      code: "E_REPO_LOCKED",
      message: "the repository rest:https://ada:***@nas:8000/ is locked by pid 42 on atlas",
      hint: "If it is dead: clawback unlock --with ***",
    },
  });
});

test.each([
  ["ENOSPC", "E_NO_SPACE"],
  ["EACCES", "E_PERMISSION"],
  ["EROFS", "E_PERMISSION"],
  ["EIO", "E_FAILED"],
])("a system error %s becomes %s", (code, expected) => {
  const error = Object.assign(new Error("write /x"), { code });
  expect(asClawbackError(error).code).toBe(expected);
});

test("whatever is thrown is told", () => {
  expect(asClawbackError("a string")).toMatchObject({ code: "E_FAILED", message: "a string" });
});
