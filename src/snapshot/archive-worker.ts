import { workerData } from "node:worker_threads";
import { RabinChunker } from "../chunker/rabin.ts";
import { Compressor } from "../compression/zstd.ts";
import { Sealer } from "../crypto/sealer.ts";
import { errno, messageOf } from "../errors.ts";
import { rawIdOf } from "../repository/ids.ts";
import { KnownBlobs } from "../repository/known-blobs.ts";
import { PackBuilder } from "../repository/pack.ts";
import { serveJobs, type WorkerPort } from "../worker-pool.ts";
import type {
  ArchiveJob,
  ArchiveResult,
  ArchiveWorkerData,
  BufferNote,
  FileOutcome,
  FileTask,
  PackEvent,
} from "./archive-job.ts";
import { FileChunks } from "./file-chunks.ts";

/**
 * One thread of a backup: reads files, cuts them, and for each chunk that nobody has yet
 * compresses, seals and packs it. The whole pipeline runs here without handing bytes around;
 * only full packs leave.
 */
const { key, version, chunkerPolynomial, known: share } = workerData as ArchiveWorkerData;

const known = new KnownBlobs(share);
const builder = new PackBuilder("data", {
  sealer: new Sealer(key),
  compressor: version === 1 ? undefined : new Compressor(),
});
const chunks = new FileChunks(new RabinChunker({ polynomial: chunkerPolynomial }));

const freeBuffers: ArrayBuffer[] = [];
let wakeWaiter: (() => void) | undefined;

serveJobs<ArchiveJob, ArchiveResult, BufferNote, PackEvent>(
  async (job, port) => {
    if ("flush" in job) {
      if (!builder.needsBuffer && !builder.isEmpty) emitPack(port);
      return [];
    }
    const outcomes: ArchiveResult = [];
    for (const task of job.files) outcomes.push(await storeFile(task, port));
    return outcomes;
  },
  ({ buffer }) => {
    freeBuffers.push(buffer);
    wakeWaiter?.();
  },
);

async function storeFile(task: FileTask, port: WorkerPort<PackEvent>): Promise<FileOutcome> {
  try {
    using file = chunks.open(task);
    if (file === undefined) return { kind: "database" };
    const ids: Uint8Array[] = [];
    for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
      const rawId = rawIdOf(chunk);
      ids.push(rawId);
      if (!known.claim(rawId)) continue;
      if (!builder.needsBuffer && !builder.hasRoomFor(chunk.length)) emitPack(port);
      if (builder.needsBuffer) builder.reset(new Uint8Array(await takeBuffer()));
      builder.add(chunk, rawId);
    }
    return { kind: "stored", ids: Buffer.concat(ids), ...file.finish() };
  } catch (error) {
    const code = errno(error);
    // Only what the file system says of this file is its own failure; anything else is ours.
    if (code === undefined || code.startsWith("E_")) throw error;
    return { kind: "failed", code, message: messageOf(error) };
  }
}

function emitPack(port: WorkerPort<PackEvent>): void {
  const { id, bytes, blobs } = builder.finish();
  port.emit({ id, buffer: bytes.buffer, length: bytes.length, blobs }, [bytes.buffer]);
}

/** Waits until the archiver has stored a pack of ours: this is what holds memory flat. */
async function takeBuffer(): Promise<ArrayBuffer> {
  for (;;) {
    const buffer = freeBuffers.pop();
    if (buffer !== undefined) return buffer;
    await new Promise<void>((resolve) => {
      wakeWaiter = resolve;
    });
  }
}
