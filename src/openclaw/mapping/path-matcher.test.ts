import fc from "fast-check";
import { expect, test } from "vitest";
import { PathMatcher } from "./path-matcher.ts";

const matcher = new PathMatcher([{ from: "/home/al", to: "/Users/bo" }]);
const rewritten = (text: string): string => matcher.rewrite(text).text;

test.each([
  ["/home/al", "/Users/bo"],
  ["/home/al/x/y", "/Users/bo/x/y"],
  ["file:///home/al/x", "file:///Users/bo/x"],
  ["file://localhost/home/al/x", "file://localhost/Users/bo/x"],
  ["PATH=/usr/bin:/home/al/bin:/bin", "PATH=/usr/bin:/Users/bo/bin:/bin"],
  ["see /home/al. And /home/al, too", "see /Users/bo. And /Users/bo, too"],
  [String.raw`"\/home\/al\/x"`, String.raw`"\/Users\/bo\/x"`],
  [String.raw`a\n/home/al/x`, String.raw`a\n/Users/bo/x`],
  [String.raw`{\"p\":\"\\/home\\/al\"}`, String.raw`{\"p\":\"\\/Users\\/bo\"}`],
  ["?path=%2Fhome%2Fal%2Fx", "?path=%2FUsers%2Fbo%2Fx"],
  ["file%3A%2F%2F%2Fhome%2Fal", "file%3A%2F%2F%2FUsers%2Fbo"],
  ["cc -I/home/al/include", "cc -I/Users/bo/include"],
  ["curl -d @/home/al/body", "curl -d @/Users/bo/body"],
  ["<string>/home/al/x</string>", "<string>/Users/bo/x</string>"],
  ["[notes](/home/al/notes.md)", "[notes](/Users/bo/notes.md)"],
  ["agent_database:/home/al/x.sqlite", "agent_database:/Users/bo/x.sqlite"],
])("%s", (text, expected) => {
  expect(rewritten(text)).toBe(expected);
  expect(matcher.rewrite(expected).count).toBe(0);
});

test.each([
  "/home/alice/x",
  "/home/al.old/x",
  "/home/al-2",
  "/home/al_x",
  "/home/al~",
  "/home/alä",
  "/home/al%20x/y",
  String.raw`/home/al\ x/y`,
  "/mnt/home/al/x",
  "./home/al",
  "~/home/al",
  "$HOME/home/al",
  "${BASE}/home/al",
  "**/home/al",
  "https://example.org/home/al/x",
  "//home/al",
  "backup/home/al",
  "%2Fmnt%2Fhome%2Fal",
])("another path: %s", (text) => {
  expect(matcher.rewrite(text)).toMatchObject({ text, count: 0 });
});

test.each(["al@nas:/home/al/x", "rsync -a x nas:/home/al/x"])("another machine's: %s", (text) => {
  expect(matcher.rewrite(text)).toEqual({ text, count: 0, elsewhere: 1 });
});

test("the longest mapping decides, and what is new is not mapped again", () => {
  const swap = new PathMatcher([
    { from: "/a", to: "/b" },
    { from: "/b", to: "/a" },
    { from: "/a/deep", to: "/c" },
  ]);
  expect(swap.rewrite("/a/x /b/x /a/deep/x").text).toBe("/b/x /a/x /c/x");
});

test("a new place inside the old one does not count as the old one", () => {
  const mappings = [{ from: "/home/a", to: "/home/a/b" }];
  const { text } = new PathMatcher(mappings).rewrite("/home/a/x /home/a");
  expect(text).toBe("/home/a/b/x /home/a/b");
  const after = new PathMatcher(mappings, { isDone: true });
  expect(after.rewrite(text).count).toBe(0);
  expect(after.rewrite(`${text} /home/a/x`).count).toBe(1);
});

test("names with blanks, dots and letters beyond ASCII, as they are and encoded", () => {
  const odd = new PathMatcher([{ from: "/home/j-x. josé", to: "/home/maría b" }]);
  expect(odd.rewrite("/home/j-x. josé/x").text).toBe("/home/maría b/x");
  expect(odd.rewrite("file:///home/j-x.%20jos%C3%A9/x").text).toBe("file:///home/mar%C3%ADa%20b/x");
  expect(odd.rewrite(String.raw`/home/j-x.\ josé/x`).count).toBe(1);
  expect(odd.rewrite(String.raw`/home/j-x. jos\u00e9/x`).count).toBe(1);
  expect(odd.rewrite("/home/j-xX josé/x").count).toBe(0);
});

test("every path below the place is found among words, and no other", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.boolean()), { maxLength: 6 }), (paths) => {
      const place = (mine: boolean) => (mine ? "/home/al" : "/home/alice");
      const text = paths.map(([below, mine]) => `see "${place(mine)}/${below}"`).join(", ");
      const { count, text: after } = matcher.rewrite(text);
      expect(count).toBe(paths.filter(([, mine]) => mine).length);
      expect(after.includes('"/home/al/')).toBe(false);
      expect(after.replaceAll("/Users/bo", "/home/al")).toBe(text);
    }),
  );
});
