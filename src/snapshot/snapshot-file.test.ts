import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { decodeSnapshot, encodeSnapshot, type SnapshotFile } from "./snapshot-file.ts";

const ID = "0123456789abcdef".repeat(4);
const TIME = "2024-07-03T11:46:40.12+02:00";

const full: SnapshotFile = {
  time: TIME,
  parent: ID,
  tree: ID,
  paths: ["/home/<claw>"],
  hostname: "host",
  username: "user",
  uid: 1000,
  gid: 100,
  excludes: ["*.tmp"],
  tags: ["a", "b"],
  original: ID,
  programVersion: "clawback 1",
  summary: { backup_start: TIME, files_new: 1, data_added: 2n ** 63n },
  extra: { newer: { field: true } },
};

test("a full snapshot has Go's fields in Go's order", () => {
  const bytes = encodeSnapshot(full);
  expect(bytes.toString()).toBe(
    `{"time":"${TIME}","parent":"${ID}","tree":"${ID}","paths":["/home/\\u003cclaw\\u003e"],` +
      `"hostname":"host","username":"user","uid":1000,"gid":100,"excludes":["*.tmp"],"tags":["a","b"],` +
      `"original":"${ID}","program_version":"clawback 1","summary":{"backup_start":"${TIME}",` +
      `"files_new":1,"data_added":9223372036854775808},"newer":{"field":true}}`,
  );
  expect(decodeSnapshot(bytes)).toEqual(full);
});

test("what is empty is left out", () => {
  const bare = { time: TIME, tree: ID, paths: ["/"], hostname: "", username: "", uid: 0, gid: 0 };
  const bytes = encodeSnapshot({ ...bare, tags: [], excludes: [] });
  expect(bytes.toString()).toBe(`{"time":"${TIME}","tree":"${ID}","paths":["/"]}`);
  expect(decodeSnapshot(bytes)).toEqual(bare);
});

test.each([
  "",
  "null",
  "{}",
  `{"time":"${TIME}"}`,
  `{"time":"${TIME}","tree":null}`,
  `{"tree":"${ID}"}`,
  `{"time":"soon","tree":"${ID}"}`,
  `{"time":"${TIME}","tree":"${ID}","paths":[1]}`,
  `{"time":"${TIME}","tree":"${ID}","tags":"a"}`,
])("%s is no snapshot", (text) => {
  expect(() => decodeSnapshot(Buffer.from(text))).toThrow(
    expect.toSatisfy((error) => hasCode(error, "E_DAMAGED")),
  );
});
