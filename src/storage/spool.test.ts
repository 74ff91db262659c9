import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collect, describeStorage, fileOf } from "../../test/storage/conformance.ts";
import { ClawbackError } from "../errors.ts";
import { LocalStorage } from "./local.ts";
import { MemoryStorage } from "./memory.ts";
import { SpooledStorage } from "./spool.ts";
import type { FileHandle } from "./storage.ts";

async function temporary(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "clawback-spool-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describeStorage("spooled", async () => {
  const directory = await temporary();
  const inner = await temporary();
  return {
    storage: new SpooledStorage(new LocalStorage(inner.path), directory.path),
    cleanup: async () => {
      await directory[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  };
});

/** Notes the order in which files arrive. */
class Arrivals extends MemoryStorage {
  readonly order: string[] = [];

  override async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    await super.save(handle, data);
    this.order.push(handle.type);
  }
}

test("packs and index files wait, in this order; locks and snapshots do not", async () => {
  await using directory = await temporary();
  const inner = new Arrivals();
  const spool = new SpooledStorage(inner, directory.path);
  const bytes = (text: string) => Buffer.from(text);
  await spool.save(fileOf("index", bytes("index")), bytes("index"));
  await spool.save(fileOf("pack", bytes("one")), bytes("one"));
  await spool.save(fileOf("pack", bytes("two")), bytes("two"));
  await spool.save(fileOf("lock", bytes("lock")), bytes("lock"));
  expect(inner.order).toEqual(["lock"]);
  await spool.drain({ assertHeld: () => {}, signal: new AbortController().signal });
  expect(inner.order).toEqual(["lock", "pack", "pack", "index"]);
  expect(await inner.load(fileOf("pack", bytes("two")))).toEqual(new Uint8Array(bytes("two")));
  expect(await readdir(directory.path)).toEqual([]);
  await spool.save(fileOf("pack", bytes("three")), bytes("three"));
  expect((await collect(inner.list("pack"))).length).toBe(3);
});

test("without the lock no index file is stored, and an interruption ends it", async () => {
  await using directory = await temporary();
  const inner = new Arrivals();
  const spool = new SpooledStorage(inner, directory.path);
  for (const type of ["pack", "index"] as const) {
    await spool.save(fileOf(type, Buffer.from(type)), Buffer.from(type));
  }
  const assertHeld = () => {
    throw new ClawbackError("E_LOCK_LOST", "lost");
  };
  const aborted = AbortSignal.abort(new ClawbackError("E_INTERRUPTED", "stopped"));
  await expect(spool.drain({ assertHeld, signal: aborted })).rejects.toThrow("stopped");
  expect(inner.order).toEqual([]);
  const { signal } = new AbortController();
  await expect(spool.drain({ assertHeld, signal })).rejects.toThrow("lost");
  expect(inner.order).toEqual(["pack"]);
});
