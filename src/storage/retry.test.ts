import { expect, test } from "vitest";
import { collect, describeStorage, fileOf } from "../../test/storage/conformance.ts";
import { FaultyStorage, type Fault } from "../../test/storage/faulty.ts";
import type { Clock } from "../clock.ts";
import { MemoryStorage } from "./memory.ts";
import { withRetry } from "./retry.ts";
import type { Storage } from "./storage.ts";

const DATA = Buffer.from("data");
const HANDLE = fileOf("pack", DATA);

/** A clock that notes how long it was asked to sleep, and does not. */
function restless(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return { slept, now: () => 0, sleep: async (ms) => void slept.push(ms) };
}

function patient(faults: Fault[], attempts?: number) {
  const clock = restless();
  const inner = new MemoryStorage();
  const faulty = new FaultyStorage(inner, faults);
  const storage: Storage = withRetry(faulty, {
    clock,
    random: () => 1,
    ...(attempts !== undefined && { attempts }),
  });
  return { clock, inner, faulty, storage };
}

/** Not `remove`: after an unclear failure, *not found* means that it was us. */
const METHODS = ["create", "save", "load", "stat", "list"] as const;

describeStorage("memory behind a retry that is needed", async () => ({
  storage: patient(METHODS.map((method) => ({ method, times: 2 }))).storage,
  cleanup: async () => {},
}));

test("waits twice as long each time, and gives up", async () => {
  const { storage, clock, faulty } = patient([{ method: "load", times: 99 }]);
  await expect(storage.load(HANDLE)).rejects.toMatchObject({ code: "E_STORAGE_UNREACHABLE" });
  expect(clock.slept).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
  expect(faulty.calls.load).toBe(8);
});

test("jitter takes away half at most", async () => {
  const clock = restless();
  const faulty = new FaultyStorage(new MemoryStorage(), [{ method: "stat", times: 9 }]);
  const storage = withRetry(faulty, { clock, random: () => 0, attempts: 3 });
  await expect(storage.stat(HANDLE)).rejects.toThrow();
  expect(clock.slept).toEqual([250, 500]);
});

test.each(["E_NO_SPACE", "E_PERMISSION", "E_STORAGE_NOT_FOUND", "E_DAMAGED", "E_FAILED"] as const)(
  "%s is not tried again",
  async (code) => {
    const { storage, clock, faulty } = patient([{ method: "load", code, times: 9 }]);
    await expect(storage.load(HANDLE)).rejects.toMatchObject({ code });
    expect(faulty.calls.load).toBe(1);
    expect(clock.slept).toEqual([]);
  },
);

test("a save whose answer was lost has succeeded", async () => {
  const { storage, inner } = patient([{ method: "save", afterwards: true }]);
  await storage.save(HANDLE, DATA);
  expect(Buffer.compare(await inner.load(HANDLE), DATA)).toBe(0);
});

test("a save whose answer was lost is not taken for another's file of that name", async () => {
  const { storage, inner } = patient([{ method: "save" }]);
  await inner.save(HANDLE, Buffer.from("other"));
  await expect(storage.save(HANDLE, DATA)).rejects.toMatchObject({ code: "E_STORAGE_EXISTS" });
});

test("a plain E_STORAGE_EXISTS is told without a look", async () => {
  const { storage, inner, faulty } = patient([]);
  await inner.save(HANDLE, DATA);
  await expect(storage.save(HANDLE, DATA)).rejects.toMatchObject({ code: "E_STORAGE_EXISTS" });
  expect(faulty.calls.load).toBe(0);
});

test("a removal whose answer was lost has succeeded; any other of nothing has not", async () => {
  const { storage, inner } = patient([{ method: "remove", afterwards: true }]);
  await inner.save(HANDLE, DATA);
  await storage.remove(HANDLE);
  await expect(storage.remove(HANDLE)).rejects.toMatchObject({ code: "E_STORAGE_NOT_FOUND" });
});

test("a listing that breaks off tells each file once", async () => {
  const { storage, inner } = patient([{ method: "list", told: 3, times: 2 }]);
  const files = Array.from({ length: 10 }, (_, i) => Buffer.from(`${i}`));
  for (const data of files) await inner.save(fileOf("pack", data), data);
  const names = (await collect(storage.list("pack"))).map(({ name }) => name);
  expect(names.toSorted()).toEqual(files.map((data) => fileOf("pack", data).name).toSorted());
});
