import type { BlobIndex } from "../repository/blob-index.ts";
import { type PackedBlob, plainLength } from "../repository/pack.ts";
import type { ByteRange } from "../storage/storage.ts";
import type { RestoreBlob } from "./restore-job.ts";
import type { TreeNode } from "./node.ts";
import type { TreeEntry } from "./tree-walker.ts";
import { ZERO_CHUNK_ID, zeroBytes } from "./zero-chunk.ts";

/** Blobs that lie near each other in a pack, read in one piece. */
export interface PackPart {
  pack: string;
  range: ByteRange;
  blobs: RestoreBlob[];
}

export interface ContentPlan {
  parts: PackPart[];
  /** Bytes to be written. */
  bytes: number;
  faults: { path: Buffer; message: string }[];
}

/** Reading over a gap costs less than asking twice. */
const MAX_GAP = 256 << 10;

/** Bytes of a file's content, as far as the repository has it. */
export function contentLength(index: BlobIndex, node: TreeNode): number {
  let length = 0;
  for (const id of node.content ?? []) {
    const blob = index.find("data", id);
    if (blob !== undefined) length += plainLength(blob);
  }
  return length;
}

/**
 * Which parts of which packs hold the contents of these files. Every blob is read once, however
 * many files it is in; one of zeros is read to be proven, and written nowhere: files are as long as
 * their contents before, and hold zeros.
 */
export function planContents(
  index: BlobIndex,
  files: readonly TreeEntry[],
  place: (path: Buffer) => Buffer,
): ContentPlan {
  const packs = new Map<string, Map<string, RestoreBlob>>();
  const plan: ContentPlan = { parts: [], bytes: 0, faults: [] };
  for (const { path, node } of files) {
    const target = place(path).toString("latin1");
    let at = 0;
    let missing = 0;
    for (const id of node.content ?? []) {
      const blob = index.find("data", id);
      if (blob === undefined) {
        missing++;
        continue;
      }
      const { writes } = blobIn(packs, blob.pack, blob);
      if (id !== ZERO_CHUNK_ID) writes.push({ path: target, at });
      at += plainLength(blob);
    }
    plan.bytes += at - zeroBytes(node);
    if (missing > 0) {
      plan.faults.push({ path, message: `${missing} of its chunks are in no pack` });
    } else if (BigInt(at) !== (node.size ?? 0n)) {
      plan.faults.push({
        path,
        message: `its chunks hold ${at} bytes, its size is ${node.size ?? 0n}`,
      });
    }
  }
  for (const [pack, blobs] of packs) plan.parts.push(...partsOf(pack, [...blobs.values()]));
  return plan;
}

function blobIn(
  packs: Map<string, Map<string, RestoreBlob>>,
  pack: string,
  { id, offset, length, uncompressedLength }: PackedBlob,
): RestoreBlob {
  let blobs = packs.get(pack);
  if (blobs === undefined) packs.set(pack, (blobs = new Map()));
  let blob = blobs.get(id);
  if (blob === undefined) {
    blobs.set(id, (blob = { id, offset, length, uncompressedLength, writes: [] }));
  }
  return blob;
}

function partsOf(pack: string, blobs: RestoreBlob[]): PackPart[] {
  const parts: PackPart[] = [];
  for (const blob of blobs.sort((a, b) => a.offset - b.offset)) {
    const last = parts.at(-1);
    const end = blob.offset + blob.length;
    if (last !== undefined && blob.offset - (last.range.offset + last.range.length) <= MAX_GAP) {
      last.blobs.push(blob);
      last.range.length = end - last.range.offset;
    } else {
      parts.push({ pack, range: { offset: blob.offset, length: blob.length }, blobs: [blob] });
    }
  }
  return parts;
}
