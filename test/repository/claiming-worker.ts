import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { KnownBlobs, type KnownBlobsShare } from "../../src/repository/known-blobs.ts";

/** Claims one id after another at the same moment as the other threads, and says which ones it got. */
const { share, ids, threads, gate } = workerData as {
  share: KnownBlobsShare;
  ids: number;
  threads: number;
  gate: SharedArrayBuffer;
};
const known = new KnownBlobs(share);
const raw = Array.from({ length: ids }, (_, i) => createHash("sha256").update(String(i)).digest());
const arrived = new Int32Array(gate);
const got: number[] = [];
for (const [i, id] of raw.entries()) {
  // All at once for each id anew: the race is what is tested.
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < threads * (i + 1)) continue;
  if (known.claim(id)) got.push(i);
}
parentPort?.postMessage(got);
