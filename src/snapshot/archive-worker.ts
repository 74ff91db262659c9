import { RabinChunker } from "../chunker/rabin.ts";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { sweeper } from "../garbage.ts";
import { idOf } from "../repository/ids.ts";
import { KnownBlobs } from "../repository/known-blobs.ts";
import { blobCoder, PackBuilder } from "../repository/pack.ts";
import { dataOfPool, serveJobs, type WorkerPort } from "../worker-pool.ts";
import {
  type ArchiveJob,
  type ArchiveResult,
  type ArchiveWorkerData,
  type BufferNote,
  type FileOutcome,
  type FileTask,
  packColumns,
  type PackEvent,
} from "./archive-job.ts";
import { ContentCheck } from "./content-check.ts";
import { FileChunks } from "./file-chunks.ts";
import { ZERO_CHUNK, ZERO_CHUNK_ID } from "./zero-chunk.ts";

/**
 * One thread of a backup: reads files, cuts them, and for each chunk that nobody has yet
 * compresses, seals and packs it. The whole pipeline runs here without handing bytes around;
 * only full packs leave.
 */
const { key, version, chunkerPolynomial, known: share } = dataOfPool<ArchiveWorkerData>();

const known = new KnownBlobs(share);
const builder = new PackBuilder("data", blobCoder(key, version));
const chunks = new FileChunks(new RabinChunker({ polynomial: chunkerPolynomial }));

const check = new ContentCheck();

const sweep = sweeper();
const rawId = Buffer.alloc(32);
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
    if (task.format !== undefined) check.begin(task.format);
    let ids = "";
    for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
      if (port.stopping) throw new ClawbackError("E_INTERRUPTED", "stopped");
      if (task.format !== undefined) check.add(chunk);
      // As hex and back: Node makes a Buffer of a hash at a third of the cost of the hash itself.
      const id = chunk === ZERO_CHUNK ? ZERO_CHUNK_ID : idOf(chunk);
      ids += id;
      rawId.write(id, "hex");
      if (!known.claim(rawId)) continue;
      if (!builder.needsBuffer && !builder.hasRoomFor(chunk.length)) emitPack(port);
      if (builder.needsBuffer) builder.reset(new Uint8Array(await takeBuffer()));
      builder.add(chunk, id);
    }
    const content = task.format !== undefined && { content: check.finish() };
    return { kind: "stored", ids, ...file.finish(), ...content };
  } catch (error) {
    const code = errno(error);
    // Only what the file system says of this file is its own failure; anything else is ours.
    if (code === undefined || code.startsWith("E_")) throw error;
    return { kind: "failed", code, message: messageOf(error) };
  }
}

function emitPack(port: WorkerPort<PackEvent>): void {
  sweep();
  const { id, bytes, blobs } = builder.finish();
  const event = { id, buffer: bytes.buffer, length: bytes.length, ...packColumns(blobs) };
  port.emit(event, [event.buffer, event.numbers.buffer]);
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
