import { Sealer } from "../crypto/sealer.ts";
import { hasCode, messageOf } from "../errors.ts";
import { sweeper } from "../garbage.ts";
import { dataOfPool, serveJobs } from "../worker-pool.ts";
import type { CheckJob, CheckResult, CheckWorkerData } from "./check-job.ts";
import { idOf } from "./ids.ts";
import { BlobOpener, type PackedBlob, parsePack } from "./pack.ts";

/** One thread of `check --read-data`: is every byte of a pack what it was when it was written. */
const { key } = dataOfPool<CheckWorkerData>();
const sealer = new Sealer(key);
const sweep = sweeper();
const opener = new BlobOpener(sealer);

serveJobs<CheckJob, CheckResult, never, never>((job) => {
  const bytes = new Uint8Array(job.bytes, job.byteOffset, job.byteLength);
  const faults: string[] = [];
  if (idOf(bytes) !== job.pack) faults.push("its bytes do not match its name");
  const header = attempt(faults, () => parsePack(bytes, sealer));
  if (header !== undefined && !sameBlobs(header, job.indexed)) {
    faults.push("its header and the index disagree");
  }
  for (const blob of job.indexed) {
    attempt(faults, () =>
      opener.open(bytes.subarray(blob.offset, blob.offset + blob.length), blob),
    );
  }
  sweep();
  return faults;
});

function attempt<T>(faults: string[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!hasCode(error, "E_DAMAGED")) throw error;
    faults.push(messageOf(error));
    return undefined;
  }
}

function sameBlobs(a: PackedBlob[], b: PackedBlob[]): boolean {
  const lines = (blobs: PackedBlob[]) =>
    blobs
      .map((x) => `${x.offset} ${x.length} ${x.uncompressedLength} ${x.type} ${x.id}`)
      .sort()
      .join();
  return lines(a) === lines(b);
}
