import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { BlobIndex } from "./blob-index.ts";
import { KnownBlobs } from "./known-blobs.ts";

function raw(number: number): Buffer {
  return createHash("sha256").update(String(number)).digest();
}

function known(index: BlobIndex, expectedNew: number): KnownBlobs {
  return new KnownBlobs(KnownBlobs.share(index.share(), expectedNew));
}

test("each id is claimed by exactly one of several threads", async () => {
  const ids = 5000;
  const threads = 2;
  const share = KnownBlobs.share(new BlobIndex().share(), ids);
  const gate = new SharedArrayBuffer(4);
  const claims = await Promise.all(
    Array.from({ length: threads }, async () => {
      const script = new URL("../../test/repository/claiming-worker.ts", import.meta.url);
      const worker = new Worker(script, { workerData: { share, ids, threads, gate } });
      return new Promise<number[]>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    }),
  );
  const all = claims.flat().sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: ids }, (_, i) => i));
  // Both were in the race.
  expect(claims.every((got) => got.length > 0)).toBe(true);
});

test("what the index has is known, as data only", () => {
  const index = new BlobIndex();
  const at = { offset: 0, length: 100, uncompressedLength: 0 };
  index.addPack("ab".repeat(32), [
    { type: "data", id: raw(1).toString("hex"), ...at },
    { type: "tree", id: raw(2).toString("hex"), ...at },
  ]);
  const blobs = known(index, 10);
  expect(blobs.claim(raw(1))).toBe(false);
  expect(blobs.claim(raw(2))).toBe(true);
  expect(blobs.claim(raw(2))).toBe(false);
});

test("a full table takes everything for new rather than losing anything", () => {
  const blobs = known(new BlobIndex(), 0);
  const slots = 1024;
  const claimed = Array.from({ length: 3 * slots }, (_, i) => blobs.claim(raw(i)));
  expect(claimed.every(Boolean)).toBe(true);
  // Those that found a place are known; the others are stored again.
  const again = Array.from({ length: 3 * slots }, (_, i) => blobs.claim(raw(i)));
  expect(again.filter((isNew) => !isNew).length).toBe(slots);
});

test("a source of absurd size gets no absurd table", () => {
  const { newStates } = KnownBlobs.share(new BlobIndex().share(), 2 ** 50);
  expect(newStates.byteLength).toBeLessThanOrEqual(2 ** 27);
});
