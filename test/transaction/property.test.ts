import { test } from "vitest";
import { assertReplaced, assertTakenBack, assertWhole } from "./claims.ts";

// Many more of them: test/long/transaction-kill.test.ts.
test("whatever is replaced by whatever: there, and back, and forth again", () =>
  assertReplaced(25));

test("whatever is taken back leaves what was there, and nothing of ours", () =>
  assertTakenBack(25));

test("cut off anywhere, and again while it is mended: wholly old, or wholly new", () =>
  assertWhole(60));
