import { expect, test } from "vitest";
import { host, MemoryLockFiles } from "../../test/support/locks.ts";
import { lockRecord } from "./lock-record.ts";
import { survey } from "./lock-survey.ts";

const NOW = Date.UTC(2026, 5, 1);

function look(files: MemoryLockFiles, exclusive: boolean, own?: string) {
  const watch = new Map<string, number>();
  const identity = host("me");
  return survey({ files, exclusive, identity, watch, now: NOW, ...(own !== undefined && { own }) });
}

test("a lock that is refreshed while we list is not missed", async () => {
  const files = new MemoryLockFiles();
  const first = await files.write(lockRecord(host("a"), true, NOW));
  const inner = files.read.bind(files);
  files.read = async (name) => {
    files.read = inner;
    await files.write(lockRecord(host("a"), true, NOW));
    await files.remove(first);
    return inner(name);
  };
  expect((await look(files, false)).blockers).toMatchObject([{ record: { hostname: "a" } }]);
});

test("our own is not in the way; others' are, as they should", async () => {
  const files = new MemoryLockFiles();
  const own = await files.write(lockRecord(host("me"), true, NOW));
  const shared = await files.write(lockRecord(host("a"), false, NOW));
  expect((await look(files, false, own)).blockers).toEqual([]);
  expect((await look(files, true, own)).blockers).toMatchObject([{ name: shared }]);
});

test("a lock that vanished for good is no error", async () => {
  const files = new MemoryLockFiles();
  const name = await files.write(lockRecord(host("a"), true, NOW));
  const inner = files.read.bind(files);
  files.read = async (which) => {
    files.records.delete(name);
    return inner(which);
  };
  expect(await look(files, true)).toEqual({ blockers: [], stale: [] });
});
