import { createHash } from "node:crypto";
import { closeSync, constants, lstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { isSqliteHeader } from "../../capture/database.ts";
import { errno, messageOf } from "../../errors.ts";
import { ContentCheck } from "../../snapshot/content-check.ts";
import { goMode } from "../../snapshot/node.ts";
import { serveJobs } from "../../worker-pool.ts";
import type {
  EntryProof,
  ExpectedEntry,
  FileProofJob,
  FileProofResult,
  Fingerprint,
} from "./file-proof-job.ts";

/** One thread that reads files back: none of the program that wrote them is asked what is in them. */

/** Longer than any chunk. */
const buffer = Buffer.allocUnsafeSlow(9 << 20);
const contents = new ContentCheck();

serveJobs<FileProofJob, FileProofResult, never, never>((job, port) => {
  if (job.kind === "prove") return { proofs: job.entries.map(proofOf) };
  const marker = Buffer.from(job.marker);
  return {
    fingerprints: job.paths.map((path) => (port.stopping ? undefined : fingerprint(path, marker))),
  };
});

function proofOf(entry: ExpectedEntry): EntryProof {
  try {
    const path = Buffer.from(entry.path, "latin1");
    const problem = nodeProblem(path, entry);
    if (problem !== undefined) return { problem };
    return entry.stretch === undefined ? {} : contentProof(path, entry, entry.stretch);
  } catch (error) {
    return { problem: errno(error) === "ENOENT" ? "it is not there" : messageOf(error) };
  }
}

function nodeProblem(path: Buffer, entry: ExpectedEntry): string | undefined {
  const stat = lstatSync(path);
  const { type } = goMode(stat.mode);
  if (type !== entry.type) return `it is a ${type}, and was a ${entry.type}`;
  if (type === "symlink") {
    const target = readlinkSync(path, { encoding: "buffer" });
    const same = Buffer.compare(target, entry.target ?? Buffer.alloc(0)) === 0;
    return same ? undefined : "it leads elsewhere";
  }
  if ((stat.mode & 0o7777) !== entry.mode) {
    const octal = (mode: number) => (mode & 0o7777).toString(8);
    return `its mode is ${octal(stat.mode)}, and was ${octal(entry.mode)}`;
  }
  const { owner } = entry;
  if (owner !== undefined && (stat.uid !== owner.uid || stat.gid !== owner.gid)) {
    return "it belongs to somebody else";
  }
  if (type === "file" && stat.size !== entry.size) {
    return `it has ${stat.size} bytes, and had ${entry.size}`;
  }
  return undefined;
}

function contentProof(
  path: Buffer,
  { format }: ExpectedEntry,
  { offset, chunks }: NonNullable<ExpectedEntry["stretch"]>,
): EntryProof {
  const proof: EntryProof = {};
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (format !== undefined) contents.begin(format);
    let at = offset;
    for (const { id, length } of chunks) {
      const bytes = read(fd, at, length);
      if (bytes.length !== length) return { problem: "it is shorter than it was" };
      if (createHash("sha256").update(bytes).digest("hex") !== id) {
        return { problem: `its content is not what it was, from byte ${at} on` };
      }
      if (at === 0 && isSqliteHeader(bytes)) proof.isDatabase = true;
      if (format !== undefined) contents.add(bytes);
      at += length;
    }
    if (format !== undefined) proof.content = contents.finish();
    return proof;
  } finally {
    closeSync(fd);
  }
}

function read(fd: number, at: number, length: number): Buffer {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, buffer, done, length - done, at + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}

/** Undefined: it is gone. */
function fingerprint(latin1: string, marker: Buffer): Fingerprint | undefined {
  const path = Buffer.from(latin1, "latin1");
  try {
    const stat = lstatSync(path);
    const mode = stat.mode.toString(8);
    if (stat.isSymbolicLink()) {
      return { hash: `${mode} ${readlinkSync(path, { encoding: "latin1" })}`, marked: false };
    }
    if (!stat.isFile()) return { hash: mode, marked: false };
    // A fifo in its place would hold us for ever.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { hash, marked } = hashOf(fd, marker);
      return { hash: `${mode} ${hash}`, marked };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return errno(error) === "ENOENT" ? undefined : { hash: messageOf(error), marked: false };
  }
}

function hashOf(fd: number, marker: Buffer): Fingerprint {
  const hash = createHash("sha256");
  let marked = false;
  // Between two reads, so much of the first is kept: the words may lie across.
  let kept = 0;
  for (let at = 0; ;) {
    const count = readSync(fd, buffer, kept, buffer.length - kept, at);
    if (count === 0) return { hash: hash.digest("hex"), marked };
    hash.update(buffer.subarray(kept, kept + count));
    const end = kept + count;
    marked ||= buffer.subarray(0, end).includes(marker);
    at += count;
    kept = Math.min(marker.length - 1, end);
    buffer.copyWithin(0, end - kept, end);
  }
}
