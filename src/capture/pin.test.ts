import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Pin, withPin } from "./pin.ts";

let directory: string;
let path: string;
let gateway: DatabaseSync;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "clawback-pin-"));
  path = join(directory, "a.db");
  gateway = new DatabaseSync(path);
});

afterEach(() => {
  gateway.close();
  rmSync(directory, { recursive: true });
});

/** What another process gets for a statement. */
function elsewhere(sql: string): string {
  const script = `const { DatabaseSync } = require("node:sqlite");
    try { console.log(JSON.stringify(new DatabaseSync(process.argv[1]).prepare(process.argv[2]).all())) }
    catch (error) { console.log(error.message) }`;
  return spawnSync(process.execPath, ["-e", script, path, sql]).stdout.toString().trim();
}

test("while pinned, no checkpoint starts the log anew", () => {
  gateway.exec("pragma journal_mode=wal; create table t(a)");
  // Frames after the ones that are checkpointed, so that there is something to pin.
  gateway.exec("pragma wal_checkpoint(passive); insert into t values (1)");
  const result = withPin(path, () => elsewhere("pragma wal_checkpoint(truncate)"));
  expect(result).toContain('"busy":1');
  expect(elsewhere("pragma wal_checkpoint(truncate)")).toContain('"busy":0');
});

test("what is only opened holds nothing yet", () => {
  gateway.exec("pragma journal_mode=wal; create table t(a); insert into t values (1)");
  using pin = new Pin(path);
  expect(pin.heldMs).toBe(0);
  gateway.exec("insert into t values (2)");
  pin.take();
  gateway.exec("insert into t values (3)");
  expect(pin.database.prepare("select count(*) as n from t").get()).toEqual({ n: 2 });
  expect(pin.heldMs).toBeGreaterThan(0);
});

test("while pinned, nobody commits to a rollback-mode database", () => {
  gateway.exec("create table t(a)");
  const result = withPin(path, () => elsewhere("insert into t values (1)"));
  expect(result).toMatch(/locked/);
  expect(elsewhere("insert into t values (1)")).toBe("[]");
});

test("closing another descriptor of the file loses the pin: why captures have a process of their own", () => {
  gateway.exec("create table t(a)");
  const result = withPin(path, () => {
    closeSync(openSync(path, "r"));
    return elsewhere("insert into t values (1)");
  });
  expect(result).toBe("[]");
});
