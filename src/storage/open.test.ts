import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { describeStorage } from "../../test/storage/conformance.ts";
import { openStorage } from "./open.ts";

describeStorage("what openStorage() opens", async () => {
  const root = await mkdtemp(join(tmpdir(), "clawback-open-"));
  const open = () => openStorage(`~/${basename(root)}/repo`, { home: dirname(root) });
  return { storage: await open(), reopen: open, cleanup: () => rm(root, { recursive: true }) };
});

test("opening touches nothing, and tells the path", async () => {
  const path = join(tmpdir(), "clawback-not-there");
  await using storage = await openStorage(path, { home: "/" });
  expect(storage.location).toBe(path);
});

test("a place of a later version is E_USAGE", async () => {
  await expect(openStorage("s3:host/bucket", { home: "/" })).rejects.toMatchObject({
    code: "E_USAGE",
  });
});
