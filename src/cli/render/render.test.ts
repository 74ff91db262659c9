import { expect, test } from "vitest";
import type { View } from "../command.ts";
import type {
  BackupDocument,
  CheckDocument,
  SnapshotDocument,
} from "../../operations/documents.ts";
import { createStyle } from "../output/style.ts";
import { displayWidth } from "../output/table.ts";
import { renderBackup } from "./backup.ts";
import { renderCheck } from "./check.ts";
import { renderDemo } from "./demo.ts";
import { renderDiff, renderFind, renderLs } from "./entries.ts";
import { renderInit } from "./init.ts";
import { renderKeys } from "./keys.ts";
import { printedKit } from "./recovery-kit.ts";
import { renderRestore } from "./restore.ts";
import { renderSnapshots } from "./snapshots.ts";

process.env["TZ"] = "UTC";

const view: View = {
  style: createStyle(false),
  width: 80,
  now: new Date("2026-09-06T12:00:00Z"),
  verbose: false,
};
const ref = { id: "3f2a9c1d".repeat(8), shortId: "3f2a9c1d", time: "2026-09-06T09:00:00Z" };

const backup: BackupDocument = {
  snapshot: { ...ref, complete: true },
  files: { new: 12, changed: 3, unchanged: 1204 },
  bytes: { scanned: 48_400_000, added: 1_300_000, stored: 410_000 },
  components: [
    { component: "config", files: 6, bytes: 48_000 },
    { component: "database", files: 2, bytes: 41_000_000 },
  ],
  databases: [
    {
      path: "/home/ada/.openclaw/state/openclaw.sqlite",
      consistent: true,
      pages: 312,
      tables: 58,
      sound: true,
    },
    { path: "/home/ada/.openclaw/odd.db", consistent: false, pages: 1, tables: 1, sound: null },
  ],
  excluded: [
    { path: "/home/ada/.openclaw/npm", reason: "rebuildable: plugins", files: 9100, bytes: 6e8 },
    { path: "/home/ada/.openclaw/git", reason: "rebuildable: plugins", files: 100, bytes: 1e6 },
    { path: "/home/ada/.openclaw/x.lock", reason: "lock", files: 1, bytes: 40 },
  ],
  errors: [],
  damaged: [],
  notes: [],
  downtime: null,
  warnings: ["the repository is on the same disk as the instance"],
  duration: 1.84,
};

const check: CheckDocument = {
  ok: true,
  errors: [],
  snapshots: 1,
  packs: 2,
  blobs: 812,
  unnamedPacks: 0,
  bytesRead: 410_000,
  duration: 0.31,
};

test("backup: what was taken, what is new, what was left out, what next", () => {
  expect(renderBackup(backup, view)).toMatchSnapshot();
});

test("backup, incomplete: every file that is missing is named", () => {
  const errors = [{ path: "/home/ada/.openclaw/.env", message: "permission denied" }];
  const snapshot = { ...ref, complete: false };
  expect(renderBackup({ ...backup, snapshot, errors }, view)).toMatchSnapshot();
});

test("backup --dry-run --verbose: nothing stored, every path left out", () => {
  expect(renderBackup({ ...backup, snapshot: null }, { ...view, verbose: true })).toMatchSnapshot();
});

test("init: the repository, the first backup, the recovery kit", () => {
  const kit = {
    phrase: null,
    repositoryId: "77aa88bb".repeat(8),
    program: null,
    phraseFile: "/home/ada/.config/clawback/secrets/repository-0a1b2c3d.phrase",
    location: "/srv/backups",
    passwordFile: "phrase.txt",
    commands: [
      "restic -r /srv/backups snapshots",
      "node /srv/backups-program/bin/clawback.js restore --in-place",
    ],
  };
  const init = {
    instance: { stateDir: "/home/ada/.openclaw" },
    repository: { location: "/srv/backups", id: "77aa88bb".repeat(8) },
    snapshot: { id: ref.id },
    backup,
    readBack: check,
    recoveryKit: printedKit(kit, true),
    warnings: [],
  };
  expect(renderInit(init, view)).toMatchSnapshot();
  const phrase = `${"abandon ".repeat(23)}art`;
  const bare = { ...init, snapshot: null, backup: null, readBack: null };
  expect(
    renderInit({ ...bare, recoveryKit: printedKit({ ...kit, phrase }, true) }, view),
  ).toMatchSnapshot();
});

test("a phrase is printed only for somebody who asks", () => {
  const kit = {
    phraseFile: "/f",
    location: "/r",
    commands: [],
    repositoryId: "",
    program: null,
    passwordFile: "phrase.txt",
  };
  expect(printedKit({ ...kit, phrase: "abandon art" }, false)).toEqual(kit);
  expect(printedKit({ ...kit, phrase: "abandon art" }, true)).toHaveProperty("phrase");
});

test("snapshots: ids in full width, oldest first as given", () => {
  const snapshot = {
    ...ref,
    hostname: "atlas",
    paths: ["/home/ada/.openclaw"],
    tags: ["before-update"],
    components: [],
    agents: [],
    complete: true,
    bytes: 48_400_000,
    proof: { verdict: "proven", level: "boot", time: ref.time, host: "atlas" },
  } as const satisfies SnapshotDocument;
  const partial = {
    ...snapshot,
    tags: [],
    components: ["config"],
    complete: false,
    proof: null,
  };
  expect(renderSnapshots([snapshot, partial], view)).toMatchSnapshot();
  expect(renderSnapshots([], view)).toMatchSnapshot();
  const wide = { ...view, width: undefined };
  expect(renderSnapshots([{ ...partial, agents: ["work"] }], wide)).toContain("config, agent work");
  expect(renderSnapshots([snapshot], { ...view, verbose: true })).toContain(ref.id);
});

test("ls, find and diff", () => {
  const entry = {
    path: "/home/ada/.openclaw/e\u001b[2Jvil",
    type: "file",
    mode: "-rw-------",
    size: 2048,
    mtime: "2026-09-05T08:00:00Z",
  };
  expect(renderLs({ snapshot: ref, entries: [entry] }, view)).toMatchSnapshot();
  expect(
    renderLs({ snapshot: ref, entries: [entry] }, { ...view, verbose: true }),
  ).toMatchSnapshot();
  expect(renderFind({ matches: [{ snapshot: ref, entries: [entry] }] }, view)).toMatchSnapshot();
  expect(renderFind({ matches: [] }, view)).toBe("nothing found");
  const changes = [
    { path: "/a", change: "added", bytes: 1024 },
    { path: "/b", change: "removed", bytes: -4096 },
    { path: "/c", change: "changed", bytes: 12 },
    { path: "/d", change: "metadata", bytes: 0 },
  ] as const;
  const diff = { from: ref, to: { ...ref, shortId: "00000000" }, changes: [...changes] };
  expect(renderDiff(diff, view)).toMatchSnapshot();
});

test("check", () => {
  expect(renderCheck(check, view)).toMatchSnapshot();
  expect(renderCheck({ ...check, bytesRead: 0 }, view)).toMatchSnapshot();
  const errors = ["pack 1234abcd: its hash does not match its name"];
  expect(renderCheck({ ...check, ok: false, errors }, view)).toMatchSnapshot();
});

test("restore", () => {
  const restore = {
    snapshot: ref,
    dryRun: false,
    target: "/tmp/restored",
    files: 1219,
    bytes: 48_400_000,
    verified: true,
    damaged: false,
    mapped: [{ from: "/home/ada", to: "/home/bob" }],
    errors: [],
    notes: [],
    warnings: [],
    duration: 2.2,
  };
  expect(renderRestore(restore, view)).toMatchSnapshot();
  expect(renderRestore({ ...restore, dryRun: true, verified: false }, view)).toMatchSnapshot();
  const notes = ["Cron jobs live in state/openclaw.sqlite\u001b[2J."];
  expect(renderRestore({ ...restore, notes }, view)).toMatch(/^i Cron jobs live in .*\.$/mu);
});

test("keys", () => {
  const key = { ...ref, current: true, username: "ada", hostname: "atlas", created: ref.time };
  expect(renderKeys([key, { ...key, current: false }], view)).toMatchSnapshot();
});

test("a terminal of 80 columns is enough for what a backup says", () => {
  const wide = renderBackup(backup, view).split("\n");
  expect(Math.max(...wide.map(displayWidth))).toBeLessThanOrEqual(80);
});

test("demo", () => {
  const steps = [
    { name: "lost", ok: true, evidence: "rm -r: 41 files gone", duration: 0.1 },
    { name: "back", ok: false, evidence: "1 file differs", duration: 12 },
  ];
  expect(renderDemo({ ok: false, steps, duration: 12.1 }, view)).toMatchSnapshot();
});
