import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Sealer } from "../crypto/sealer.ts";
import { hasCode, messageOf } from "../errors.ts";
import { sweeper } from "../garbage.ts";
import { BlobOpener } from "../repository/pack.ts";
import { dataOfPool, serveJobs } from "../worker-pool.ts";
import type { RestoreJob, RestoreJobResult, RestoreWorkerData } from "./restore-job.ts";
import { isZero } from "./zero-chunk.ts";

/** One thread of a restore: opens blobs, proves them by their ids, and writes them into files. */
const { key } = dataOfPool<RestoreWorkerData>();
const sweep = sweeper();
const opener = new BlobOpener(new Sealer(key));

/** Writes are gathered up to so many bytes: chunks of a database are small and follow each other. */
const GATHER = 1 << 20;
const MAX_OPEN_FILES = 64;

const gathered = { path: undefined as string | undefined, at: 0, length: 0 };
const gatherBuffer = Buffer.allocUnsafe(GATHER);
const openFiles = new Map<string, number>();

serveJobs<RestoreJob, RestoreJobResult, never, never>((job) => {
  const failed: RestoreJobResult["failed"] = [];
  const part = new Uint8Array(job.bytes, job.byteOffset);
  for (const blob of job.blobs) {
    const start = blob.offset - job.base;
    let plain: Uint8Array;
    try {
      plain = opener.open(part.subarray(start, start + blob.length), blob);
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED")) throw error;
      failed.push({ id: blob.id, message: messageOf(error) });
      continue;
    }
    // A file is as long as its content from the start: what is not written is a hole, and zeros.
    if (blob.writes.length === 0 || isZero(plain)) continue;
    for (const { path, at } of blob.writes) write(path, at, plain);
  }
  flush();
  closeAll();
  sweep();
  return { failed };
});

function write(path: string, at: number, bytes: Uint8Array): void {
  const follows = gathered.path === path && gathered.at + gathered.length === at;
  if (!follows || gathered.length + bytes.length > GATHER) flush();
  if (bytes.length >= GATHER) {
    writeFully(fileFor(path), bytes, at);
    return;
  }
  if (gathered.length === 0) {
    gathered.path = path;
    gathered.at = at;
  }
  gatherBuffer.set(bytes, gathered.length);
  gathered.length += bytes.length;
}

function flush(): void {
  if (gathered.path !== undefined && gathered.length > 0) {
    const fd = fileFor(gathered.path);
    writeFully(fd, gatherBuffer.subarray(0, gathered.length), gathered.at);
  }
  gathered.length = 0;
  gathered.path = undefined;
}

function writeFully(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}

/** The file was made by the restorer: it is never created here, and a link in its place is never followed. */
function fileFor(path: string): number {
  let fd = openFiles.get(path);
  if (fd === undefined) {
    if (openFiles.size >= MAX_OPEN_FILES) closeAll();
    fd = openSync(Buffer.from(path, "latin1"), constants.O_WRONLY | constants.O_NOFOLLOW);
    openFiles.set(path, fd);
  }
  return fd;
}

function closeAll(): void {
  for (const fd of openFiles.values()) closeSync(fd);
  openFiles.clear();
}
