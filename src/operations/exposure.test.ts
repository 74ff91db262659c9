import { expect, test } from "vitest";
import { Exposure } from "./exposure.ts";

const OWN = 1000n;
const SHARED = 50n;
const entry = (mode: number, gid = OWN) => ({ mode: BigInt(mode), uid: OWN, gid });

/** Whether a file is readable for others in a directory that lies within these. */
function readable(file: ReturnType<typeof entry>, way: ReturnType<typeof entry>[]): boolean {
  const exposure = new Exposure((gid) => gid === Number(SHARED));
  for (const directory of way) exposure.enter(directory);
  return exposure.isReadable(file);
}

test("a file is readable when its mode and every directory on the way let others in", () => {
  expect(readable(entry(0o644), [entry(0o755), entry(0o711)])).toBe(true);
  expect(readable(entry(0o644), [entry(0o755), entry(0o700)])).toBe(false);
  expect(readable(entry(0o600), [entry(0o755), entry(0o755)])).toBe(false);
});

test("a group counts when somebody else is in it", () => {
  expect(readable(entry(0o640, SHARED), [entry(0o750, SHARED)])).toBe(true);
  expect(readable(entry(0o640, SHARED), [entry(0o711)])).toBe(true);
  expect(readable(entry(0o640, SHARED), [entry(0o701, SHARED)])).toBe(false);
  expect(readable(entry(0o640, SHARED), [entry(0o750)])).toBe(false);
  expect(readable(entry(0o640), [entry(0o755)])).toBe(false);
});

test("a directory that was left no longer stands in the way", () => {
  const exposure = new Exposure(() => false);
  exposure.enter(entry(0o755));
  exposure.enter(entry(0o700));
  expect(exposure.isReadable(entry(0o644))).toBe(false);
  exposure.leave();
  expect(exposure.isReadable(entry(0o644))).toBe(true);
});
