import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { currentLockIdentity, lockRecord, type LockRecord } from "./lock-record.ts";
import { isStale, observe } from "./lock-stale.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 5, 1);
const SELF = {
  ...(await currentLockIdentity()),
  bootId: "boot-1",
  pidNamespace: "pid:[4026531836]",
  machineId: "machine-1",
};
const DEAD_PID = spawnSync(process.execPath, ["--version"]).pid;

/** A lock of this very machine, `age` ms old. */
function lock(age: number, changes: Partial<LockRecord> = {}): LockRecord {
  return { ...lockRecord(SELF, true, NOW - age), ...changes };
}

/** As restic writes it. */
function resticLock(age: number, changes: Partial<LockRecord> = {}): LockRecord {
  const { time, exclusive, hostname, username, pid, uid, gid } = lock(age);
  return { time, exclusive, hostname, username, pid, uid, gid, ...changes };
}

const dead = { pid: DEAD_PID };
const elsewhere = { ...dead, hostname: "elsewhere", boot_id: "boot-9", machine_id: "machine-9" };

test.each<[string, LockRecord | undefined, { watched?: number; stale: boolean }]>([
  ["ours, alive", lock(MINUTE), { stale: false }],
  ["ours, dead, a second ago", lock(1000, dead), { stale: true }],
  ["ours, the pid in use again", lock(1000, { process_start: "1" }), { stale: true }],
  ["same host, other container", lock(MINUTE, { ...dead, pid_namespace: "p" }), { stale: false }],
  ["same host before a reboot", lock(11 * MINUTE, { boot_id: "boot-0" }), { stale: true }],
  ["a clone of this machine", lock(4 * MINUTE, { boot_id: "boot-0" }), { stale: false }],
  [
    "same name, other machine",
    lock(11 * MINUTE, { boot_id: "boot-0", machine_id: "m" }),
    { stale: false },
  ],
  ["restic's, dead, missed twice", resticLock(11 * MINUTE, dead), { stale: true }],
  ["restic's, dead, still fresh", resticLock(4 * MINUTE, dead), { stale: false }],
  ["restic's, alive", resticLock(11 * MINUTE), { stale: false }],
  ["restic's, pid 1", resticLock(11 * MINUTE, { pid: 1 }), { stale: false }],
  ["restic's, pid 0", resticLock(11 * MINUTE, { pid: 0 }), { stale: false }],
  ["restic's, other user", resticLock(11 * MINUTE, { ...dead, uid: 4242 }), { stale: false }],
  ["restic's, other host", resticLock(11 * MINUTE, { ...dead, hostname: "x" }), { stale: false }],
  ["other host, old, just seen", lock(600 * MINUTE, elsewhere), { stale: false }],
  ["other host, old, watched", lock(31 * MINUTE, elsewhere), { watched: 30, stale: true }],
  ["other host, watched too short", lock(60 * MINUTE, elsewhere), { watched: 29, stale: false }],
  ["other host, our clock leapt", lock(5 * MINUTE, elsewhere), { watched: 999, stale: false }],
  ["other host, its clock ahead", lock(-600 * MINUTE, elsewhere), { watched: 31, stale: true }],
  ["other host, no time", lock(0, { ...elsewhere, time: "?" }), { watched: 31, stale: true }],
  ["unreadable, just seen", undefined, { stale: false }],
  ["unreadable, watched", undefined, { watched: 31, stale: true }],
])("%s", async (_what, record, { watched = 0, stale }) => {
  expect(await isStale(record, NOW - watched * MINUTE, SELF, NOW)).toBe(stale);
});

test("restic's lock, seen from within a container, says nothing", async () => {
  const inside = { ...SELF, pidNamespace: "pid:[4026532000]" };
  expect(await isStale(resticLock(11 * MINUTE, dead), NOW, inside, NOW)).toBe(false);
});

test("restic's times, with nanoseconds and a zone, are understood", async () => {
  const record = lock(0, { ...elsewhere, time: "2026-06-01T01:59:00.123456789+02:00" });
  expect(await isStale(record, NOW - 40 * MINUTE, SELF, NOW)).toBe(false);
  expect(await isStale(record, NOW - 40 * MINUTE, SELF, NOW + 30 * MINUTE)).toBe(true);
});

test("a watch keeps first sightings, forgets the gone, and starts over after a wrong clock", () => {
  const watch = new Map([
    ["kept", 100],
    ["gone", 100],
    ["future", 9999],
  ]);
  observe(watch, new Set(["kept", "future", "new"]), 500);
  expect(Object.fromEntries(watch)).toEqual({ kept: 100, future: 500, new: 500 });
});
