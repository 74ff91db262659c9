import { expect, test } from "vitest";
import { rewriteJson, rewriteText } from "./json-text.ts";
import { PathMatcher } from "./path-matcher.ts";

const matcher = new PathMatcher([{ from: "/home/al", to: "/Users/bo" }]);

test("comments, formatting and other strings stay as they are", () => {
  const text = `// In /home/al, see below.
{
  agents: { entries: { 'ops': { workspace: '/home/al/it\\'s', /* /home/al */ } }, },
  "paths": ["/x", "\\/home\\/al\\/y", "a\\n/home/al"],
  "/home/al/key": "caf\\u00e9 /home/al", mode: 0x1F,
}
`;
  const { text: written, counts } = rewriteJson(text, matcher);
  expect(written).toBe(`// In /home/al, see below.
{
  agents: { entries: { 'ops': { workspace: '/Users/bo/it\\'s', /* /home/al */ } }, },
  "paths": ["/x", "\\/Users\\/bo\\/y", "a\\n/Users/bo"],
  "/Users/bo/key": "caf\\u00e9 /Users/bo", mode: 0x1F,
}
`);
  expect([...counts]).toEqual([
    ["agents.entries.ops.workspace", 1],
    ["paths.1", 1],
    ["paths.2", 1],
    ["", 1],
    ["/home/al/key", 1],
  ]);
});

test("a string that is JSON is looked into", () => {
  const inner = JSON.stringify({ cwd: "/home/al/x", words: "a\n/home/al" });
  const { text } = rewriteText(JSON.stringify({ state: inner, other: "/home/alice" }), matcher);
  const { state, other } = JSON.parse(text) as { state: string; other: string };
  expect(JSON.parse(state)).toEqual({ cwd: "/Users/bo/x", words: "a\n/Users/bo" });
  expect(other).toBe("/home/alice");
});

test("what is needed to write the new place is escaped", () => {
  const odd = new PathMatcher([{ from: "/home/al", to: '/srv/"quoted"' }]);
  const { text } = rewriteText(JSON.stringify(["/home/al/x"]), odd);
  expect(JSON.parse(text)).toEqual(['/srv/"quoted"/x']);
});

test("a broken text is rewritten as far as it makes sense", () => {
  expect(rewriteJson(`{ a: "/home/al/x", b: `, matcher).text).toBe(`{ a: "/Users/bo/x", b: `);
  expect(rewriteJson(`{ a: "/home/al/x`, matcher).text).toBe(`{ a: "/Users/bo/x`);
});
