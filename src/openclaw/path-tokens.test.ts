import fc from "fast-check";
import { expect, test } from "vitest";
import { pathsIn } from "./path-tokens.ts";

test.each([
  ["/opt/x/tidy.sh --now", ["/opt/x/tidy.sh"]],
  ["~/bin/tidy $HOME/b ${HOME}/c", ["/h/bin/tidy", "/h/b", "/h/c"]],
  ["bash -lc '/a/b c/d.sh -v'", ["/a/b c/d.sh -v", "/a/b"]],
  [String.raw`/a/b\ c.sh;/d|/e`, ["/a/b c.sh", "/d", "/e"]],
  ["Please run /a/b.sh.", ["/a/b.sh", "/a/b.sh."]],
  ["PATH=/a/bin:/b/bin", ["/a/bin", "/a/bin:/b/bin", "/b/bin"]],
  ["--config=/a/c.json,/b", ["/a/c.json", "/b"]],
  ["/my folder/run me.py", ["/my", "/my folder/run me.py"]],
  ["file:///a/b.mjs", ["/a/b.mjs"]],
  ["https://example.org/a/b and // or /", []],
  ["a/b ./c ../d x~/e no$HOME", []],
])("%s", (text, expected) => {
  const found = pathsIn(text, "/h");
  for (const path of expected) expect(found).toContain(path);
  if (expected.length === 0) expect(found).toEqual([]);
});

test("any text: bounded, and nothing but absolute paths", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const path of pathsIn(`${text} ~/${text}`, "/h")) expect(path).toMatch(/^\//);
    }),
  );
  const start = performance.now();
  pathsIn("/a'\"~".repeat(300_000), "/h");
  expect(performance.now() - start).toBeLessThan(5_000);
});
