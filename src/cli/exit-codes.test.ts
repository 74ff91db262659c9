import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXIT, EXIT_OF_ERROR } from "./exit-codes.ts";

const docs = readFileSync(new URL("../../docs/scripting.md", import.meta.url), "utf8");
const rows = [...docs.matchAll(/^\| (\d+) \| .+? \| (.*)\|$/gmu)].map(
  ([, code = "", errors = ""]) => ({ code: Number(code), errors: errors.match(/E_\w+/gu) ?? [] }),
);

test("the docs list the exit codes of the code, and no others", () => {
  expect(rows.map(({ code }) => code)).toEqual(Object.values(EXIT));
});

test("the docs name every error beside its exit code", () => {
  const documented = rows.flatMap(({ code, errors }) => errors.map((error) => [error, code]));
  expect(Object.fromEntries(documented)).toEqual(EXIT_OF_ERROR);
  expect(documented).toHaveLength(Object.keys(EXIT_OF_ERROR).length);
});
