import { expect, test } from "vitest";
import { collect, fileOf } from "../../test/storage/conformance.ts";
import { MemoryStorage } from "./memory.ts";
import { UnwrittenStorage } from "./unwritten.ts";

test("what a backup would add is forgotten; locks are real, and what is there can be read", async () => {
  const inner = new MemoryStorage();
  const bytes = Buffer.from("some bytes");
  await inner.save(fileOf("pack", bytes), bytes);
  await using dry = new UnwrittenStorage(inner);
  for (const type of ["pack", "index", "snapshot", "lock"] as const) {
    await dry.save(fileOf(type, Buffer.from("new")), Buffer.from("new"));
  }
  expect(await dry.load(fileOf("pack", bytes))).toEqual(new Uint8Array(bytes));
  expect(await collect(dry.list("pack"))).toHaveLength(1);
  expect(await collect(inner.list("index"))).toEqual([]);
  expect(await collect(inner.list("snapshot"))).toEqual([]);
  expect(await collect(inner.list("lock"))).toHaveLength(1);
});
