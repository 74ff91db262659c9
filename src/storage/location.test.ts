import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLocation, redact } from "./location.ts";

const CONTEXT = { home: "/home/ada", cwd: "/srv/here" };

test.each([
  ["/mnt/backup", "/mnt/backup"],
  ["/mnt//backup/../b/", "/mnt/b"],
  ["backup", "/srv/here/backup"],
  ["./a:b", "/srv/here/a:b"],
  ["/mnt/a:b", "/mnt/a:b"],
  ["../backup", "/srv/backup"],
  ["~", "/home/ada"],
  ["~/backup", "/home/ada/backup"],
  ["file:/mnt/backup", "/mnt/backup"],
  ["file:backup", "/srv/here/backup"],
  ["file:///mnt/my%20backup", "/mnt/my backup"],
  ["file:/mnt/100%", "/mnt/100%"],
  ["FILE:/mnt/backup", "/mnt/backup"],
  ["local:/mnt/backup", "/mnt/backup"],
  ["local:~/backup", "/home/ada/backup"],
])("%s is a directory", (text, path) => {
  expect(parseLocation(text, CONTEXT)).toEqual({ scheme: "local", path });
});

test.each(["sftp:host:/p", "s3:s3.amazonaws.com/b", "rest:https://h/", "rclone:remote:p"])(
  "%s comes later",
  (text) => {
    expect(() => parseLocation(text, CONTEXT)).toThrow(
      expect.objectContaining({
        code: "E_USAGE",
        message: expect.stringContaining("not supported yet by this version"),
        hint: expect.any(String),
      }),
    );
  },
);

test.each(["", "file:", "foo:bar", "~bob/backup", "a\0b", "file://elsewhere/p", "https://h/p"])(
  "%j is no place",
  (text) => {
    expect(() => parseLocation(text, CONTEXT)).toThrow(
      expect.objectContaining({ code: "E_USAGE", hint: expect.any(String) }),
    );
  },
);

test.each([
  ["rest:https://ada:secret@host:8000/repo/", "rest:https://ada:***@host:8000/repo/"],
  ["https://ada:sec@ret@host/p", "https://ada:***@host/p"],
  ["https://ada:sec/ret@host/p", "https://ada:***@host/p"],
  ["https://:secret@host/p", "https://:***@host/p"],
  ["https://ada@host/p", "https://ada@host/p"],
  ["https://host:8000/a@b", "https://host:8000/a@b"],
  ["https://[::1]:8000/a@b", "https://[::1]:8000/a@b"],
  ["https://ada:secret@[::1]:8000/p", "https://ada:***@[::1]:8000/p"],
  ["/mnt/a:b@c", "/mnt/a:b@c"],
])("%s is shown as %s", (location, shown) => {
  expect(redact(location)).toBe(shown);
});

test("no password of a URL is ever shown", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{4,20}$/), (password) => {
      const secret = `Z${password}Z`;
      const shown = redact(`rest:https://ada:${secret}@example.org/repo`);
      expect(shown).not.toContain(secret);
      expect(shown).toContain("ada:***@");
    }),
  );
});

test("a location error never shows a password", () => {
  for (const text of [
    "foo://ada:secret@host/p",
    "rest:https://ada:secret@h/",
    "file://a:secret@h/",
  ]) {
    try {
      parseLocation(text, CONTEXT);
      expect.unreachable();
    } catch (error) {
      expect(`${String(error)} ${(error as { hint?: string }).hint}`).not.toContain("secret");
    }
  }
});
