import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGlob, matchesGlob } from "./glob.ts";

const matches = (glob: string, path: string) => matchesGlob(compileGlob(glob), path.split("/"));

test.each([
  ["a", "a", true],
  ["a", "a/b", false],
  ["a/*", "a/b", true],
  ["a/*", "a", false],
  ["a/*", "a/b/c", false],
  ["a/**", "a", true],
  ["a/**", "a/b/c", true],
  ["a/**", "ab", false],
  ["**/x", "x", true],
  ["**/x", "a/b/x", true],
  ["**/x", "a/x/b", false],
  ["a/**/x/y", "a/x/x/y", true],
  ["*.db{,-wal}", "m.db-wal", true],
  ["*.db{,-wal}", "m.db-shm", false],
  ["{a,b}/{c,d}", "b/c", true],
  ["?.md", "x.md", true],
  ["?.md", "xy.md", false],
  ["a.b", "axb", false],
])("%s against %s: %s", (glob, path, expected) => {
  expect(matches(glob, path)).toBe(expected);
});

test("a name stands for itself", () => {
  const name = fc.stringMatching(/^[^/{}*?]{1,20}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(matches(a, b)).toBe(a === b);
      expect(matches(a, a)).toBe(true);
    }),
  );
});
