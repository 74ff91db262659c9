import { errno, hasCode, messageOf } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { WorkerPool, workerScript } from "../worker-pool.ts";
import { BlobIndex } from "./blob-index.ts";
import type { CheckJob, CheckResult, CheckWorkerData } from "./check-job.ts";
import { decodeIndex, type IndexedPack } from "./index-file.ts";
import { packSize } from "./pack.ts";
import type { Repository } from "./repository.ts";

/** A finding of a check. */
export interface CheckFault {
  /** What it is about. */
  kind: "index" | "pack" | "snapshot" | "tree" | "file" | "key";
  /** Its id, or its path. */
  subject: string;
  message: string;
}

/** What the index files say, and whether it holds together. */
export interface IndexSurvey {
  packs: Map<string, IndexedPack>;
  blobs: number;
  faults: CheckFault[];
  /** Packs that no index names: left by a run that was cut off, or of one under way elsewhere. */
  unnamedPacks: string[];
}

/** Reads every index file and compares it with the packs that are there. Also fills `repository.index`. */
export async function surveyIndex(repository: Repository): Promise<IndexSurvey> {
  const survey: IndexSurvey = { packs: new Map(), blobs: 0, faults: [], unnamedPacks: [] };
  const index = new BlobIndex();
  for await (const { name } of repository.storage.list("index")) {
    try {
      for (const pack of decodeIndex(await repository.loadUnpacked("index", name))) {
        index.addPack(pack.id, pack.blobs);
        // The same pack in two index files is what a cut-off prune leaves: harmless when both agree.
        survey.packs.set(pack.id, pack);
      }
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED")) throw error;
      survey.faults.push({ kind: "index", subject: name, message: messageOf(error) });
    }
  }
  repository.index = index;
  const sizes = new Map<string, number>();
  for await (const { name, size } of repository.storage.list("pack")) {
    sizes.set(name, size);
    if (!survey.packs.has(name)) survey.unnamedPacks.push(name);
  }
  for (const { id, blobs } of survey.packs.values()) {
    survey.blobs += blobs.length;
    const size = sizes.get(id);
    if (size === undefined) {
      survey.faults.push({ kind: "pack", subject: id, message: "it is missing" });
    } else if (size !== packSize(blobs)) {
      const message = `it has ${size} bytes, the index tells of ${packSize(blobs)}`;
      survey.faults.push({ kind: "pack", subject: id, message });
    }
  }
  return survey;
}

/**
 * Reads packs whole and proves every blob in them.
 *
 * @returns bytes read, and what is wrong
 */
export async function readPacks(
  repository: Repository,
  packs: readonly IndexedPack[],
  progress: Progress,
  signal: AbortSignal,
): Promise<{ bytesRead: number; faults: CheckFault[] }> {
  const result = { bytesRead: 0, faults: [] as CheckFault[] };
  const workerData: CheckWorkerData = { key: repository.masterKey };
  progress.start("Reading packs", {
    files: packs.length,
    bytes: packs.reduce((sum, { blobs }) => sum + packSize(blobs), 0),
  });
  await using pool = new WorkerPool<CheckJob, CheckResult>(
    workerScript(import.meta.url, "check-worker"),
    { workerData },
  );
  const abort = () => void pool.stop(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const waiting = packs.values();
  const runners = Array.from({ length: pool.size * 2 }, async () => {
    for (const { id, blobs } of waiting) {
      signal.throwIfAborted();
      let bytes: Uint8Array;
      try {
        bytes = await repository.storage.load({ type: "pack", name: id });
      } catch (error) {
        const code = errno(error);
        // A pack that is missing was told of by the survey.
        if (code === "E_STORAGE_NOT_FOUND") continue;
        throw error;
      }
      const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>;
      result.bytesRead += byteLength;
      const own = byteLength === buffer.byteLength;
      const job = { bytes: buffer, byteOffset, byteLength, pack: id, indexed: blobs };
      const faults = await pool.run(job, own ? [buffer] : []);
      for (const message of faults) result.faults.push({ kind: "pack", subject: id, message });
      progress.add({ files: 1, bytes: byteLength });
    }
  });
  try {
    await Promise.all(runners);
  } finally {
    signal.removeEventListener("abort", abort);
    progress.finish();
  }
  return result;
}
