import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemGroups } from "./groups.ts";

const folder = mkdtempSync(join(tmpdir(), "clawback-groups-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

test("a group is shared when it is somebody else's, or has somebody else as a member", () => {
  const passwd = write("passwd", [
    "ada:x:1000:1000:Ada:/home/ada:/bin/sh",
    "bob:x:1001:1001::/home/bob:/bin/sh",
    "eve:x:1002:50::/home/eve:/bin/sh",
  ]);
  const group = write("group", [
    "ada:x:1000:",
    "bob:x:1001:ada,bob",
    "staff:x:50:ada",
    "x:x:60:ada",
  ]);
  const { isShared } = systemGroups(passwd, group);
  expect(isShared(1000, 1000)).toBe(false);
  expect(isShared(60, 1000)).toBe(false);
  expect(isShared(1001, 1000)).toBe(true);
  expect(isShared(50, 1000)).toBe(true);
});

test("a user that the files do not know may have company anywhere", () => {
  const nowhere = join(folder, "none");
  expect(systemGroups(nowhere, nowhere).isShared(1000, 1000)).toBe(true);
});
