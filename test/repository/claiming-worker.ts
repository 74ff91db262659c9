import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { KnownBlobs, type KnownBlobsShare } from "../../src/repository/known-blobs.ts";

/** Claims ids as fast as it can, and says which ones it got. */
const { share, ids, order, gate } = workerData as {
  share: KnownBlobsShare;
  ids: number;
  order: number;
  gate: SharedArrayBuffer;
};
const known = new KnownBlobs(share);
const raw = Array.from({ length: ids }, (_, i) => createHash("sha256").update(String(i)).digest());
// All at once: the race is what is tested.
const waiting = new Int32Array(gate);
Atomics.add(waiting, 0, 1);
while (Atomics.load(waiting, 0) < order) continue;
const got: number[] = [];
for (const [i, id] of raw.entries()) if (known.claim(id)) got.push(i);
parentPort?.postMessage(got);
