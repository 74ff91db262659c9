import { expect, test } from "vitest";
import { differences, type Fingerprint } from "./comparison.ts";

const print: Fingerprint = { hash: "aa", mode: 0o600, mtime: 1_000_000_000n, size: 1 };
const compare = (change: Partial<Fingerprint>) =>
  differences(new Map([["/a", print]]), new Map([["/a", { ...print, ...change }]]));

test("the same, to the microsecond", () => {
  expect(compare({})).toEqual([]);
  expect(compare({ mtime: 1_000_000_240n })).toEqual([]);
});

test("every kind of difference is named", () => {
  expect(compare({ hash: "bb" })).toEqual(["/a has other content"]);
  expect(compare({ mode: 0o644 })).toEqual(["/a has other permissions"]);
  expect(compare({ mtime: 1_000_002_000n })).toEqual(["/a has another time"]);
  expect(differences(new Map([["/a", print]]), new Map())).toEqual(["/a is missing"]);
  expect(differences(new Map(), new Map([["/a", print]]))).toEqual(["/a was never there"]);
});
