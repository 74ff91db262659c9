import { closeSync, constants, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { errno, messageOf } from "../errors.ts";
import { explainFileError } from "../fs/file-errors.ts";
import type { Progress } from "../progress.ts";
import { plainLength } from "../repository/pack.ts";
import type { Repository } from "../repository/repository.ts";
import { WorkerPool, workerScript } from "../worker-pool.ts";
import type { TreeNode } from "./node.ts";
import { contentLength, type PackPart, planContents } from "./restore-plan.ts";
import type {
  RestoreBlob,
  RestoreJob,
  RestoreJobResult,
  RestoreWorkerData,
} from "./restore-job.ts";
import { applyMetadata, makeSpecial } from "./restore-metadata.ts";
import { type TreeEntry, walkTree } from "./tree-walker.ts";

export interface RestoreOptions {
  repository: Repository;
  /** Id of the root tree. */
  tree: string;
  /** An empty directory, or one that is not there yet: absolute paths are laid out below it. */
  target: Buffer;
  /** What to bring back; a directory that only leads to something is `descend`. */
  select(path: Buffer, node: TreeNode): "take" | "descend" | "skip";
  progress: Progress;
  signal: AbortSignal;
}

/** Something that is not as it was. */
interface RestoreFault {
  path: Buffer;
  message: string;
  /** The repository is damaged there, as against this system refusing. */
  damaged: boolean;
}

export interface RestoreResult {
  files: number;
  directories: number;
  /** Bytes of the files. */
  bytes: number;
  /** Blobs that were proven by their ids on the way. */
  blobs: number;
  faults: RestoreFault[];
}

/** What would befall every further entry too. */
const HOPELESS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"]);

/**
 * Writes what a snapshot holds below a directory. Order keeps a hostile snapshot harmless: all
 * directories, then files (never through a link), then links, then modes and times from the
 * deepest up. What cannot be brought back is told, the rest comes back all the same.
 *
 * @throws E_DAMAGED when the root's tree cannot be read, E_NO_SPACE, E_PERMISSION, E_STORAGE_…, E_INTERRUPTED
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const result: RestoreResult = { files: 0, directories: 0, bytes: 0, blobs: 0, faults: [] };
  const entries = await selectEntries(options, result);
  try {
    mkdirSync(options.target, { recursive: true, mode: 0o700 });
    await layOut(options, entries, result);
  } catch (error) {
    throw await explainFileError(error, options.target.toString());
  } finally {
    options.progress.finish();
  }
  return result;
}

async function layOut(
  options: RestoreOptions,
  entries: TreeEntry[],
  result: RestoreResult,
): Promise<void> {
  const { target, repository } = options;
  // What stood there before, or was refused, is not ours to touch.
  const made = new Set<TreeEntry>();
  for (const entry of entries) {
    if (entry.node.type !== "dir") continue;
    const make = () => mkdirSync(below(target, entry.path), { mode: 0o700 });
    if (succeeds(entry.path, make, result)) made.add(entry);
  }
  result.directories = made.size;
  const names = linkNames(entries);
  const files = entries.filter(
    ({ node, path }) =>
      node.type === "file" &&
      !names.has(path) &&
      succeeds(
        path,
        () => createFile(below(target, path), contentLength(repository.index, node)),
        result,
      ),
  );
  for (const file of files) made.add(file);
  await writeFiles(options, files, result);
  for (const entry of entries) {
    if (makeOther(target, entry, names.get(entry.path), result)) made.add(entry);
  }
  // Deepest first: a directory that is made read-only would refuse what comes after.
  for (const entry of entries.reverse()) {
    const { path, node } = entry;
    if (!made.has(entry) || names.has(path)) continue;
    const problem = applyMetadata(below(target, path), node);
    if (problem !== undefined) result.faults.push({ path, message: problem, damaged: false });
  }
}

/** What this system refuses of one entry (a name too long, upper case for lower) costs that one alone. */
function succeeds(path: Buffer, make: () => void, result: RestoreResult): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (HOPELESS.has(errno(error) ?? "")) throw error;
    result.faults.push({ path, message: messageOf(error), damaged: false });
    return false;
  }
}

/** Taken entries, and the directories that lead to them and to nothing else. */
async function selectEntries(options: RestoreOptions, result: RestoreResult): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  let leading: TreeEntry[] = [];
  const enter = ({ path, node }: TreeEntry) => options.select(path, node) !== "skip";
  const onDamage = ({ path }: TreeEntry, { message }: Error) => {
    result.faults.push({ path, message: `what was in it is lost: ${message}`, damaged: true });
  };
  for await (const entry of walkTree(options.repository, options.tree, enter, onDamage)) {
    options.signal.throwIfAborted();
    const choice = options.select(entry.path, entry.node);
    if (choice === "skip") continue;
    leading = leading.filter(({ path }) => leadsTo(path, entry.path));
    if (choice === "descend") {
      leading.push(entry);
      continue;
    }
    entries.push(...leading, entry);
    leading = [];
  }
  return entries;
}

function leadsTo(directory: Buffer, path: Buffer): boolean {
  return path.subarray(0, directory.length).equals(directory) && path[directory.length] === 0x2f;
}

/** Further names of a file that has several, with the path that has the content. */
function linkNames(entries: TreeEntry[]): Map<Buffer, Buffer> {
  const first = new Map<string, Buffer>();
  const names = new Map<Buffer, Buffer>();
  for (const { path, node } of entries) {
    // Without an inode nothing tells which files are one.
    if (node.type !== "file" || (node.links ?? 0n) <= 1n || !node.inode) continue;
    const key = `${node.deviceId ?? 0n}:${node.inode}`;
    const original = first.get(key);
    if (original === undefined) first.set(key, path);
    else names.set(path, original);
  }
  return names;
}

async function writeFiles(
  options: RestoreOptions,
  files: TreeEntry[],
  result: RestoreResult,
): Promise<void> {
  const { repository, target, progress, signal } = options;
  const plan = planContents(repository.index, files, (path) => below(target, path));
  for (const fault of plan.faults) result.faults.push({ ...fault, damaged: true });
  result.files = files.length;
  progress.start("Restoring", { files: files.length, bytes: plan.bytes });
  const workerData: RestoreWorkerData = { key: repository.masterKey };
  await using pool = new WorkerPool<RestoreJob, RestoreJobResult>(
    workerScript(import.meta.url, "restore-worker"),
    { workerData },
  );
  const abort = () => void pool.stop(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const waiting = plan.parts.values();
  const failed = new Map<string, string>();
  // So many parts in memory at once, however large the snapshot.
  const runners = Array.from({ length: pool.size * 2 }, async () => {
    for (const part of waiting) {
      signal.throwIfAborted();
      await restorePart(repository, pool, part, failed);
      result.blobs += part.blobs.filter(({ id }) => !failed.has(id)).length;
      progress.add({ bytes: part.blobs.reduce((sum, blob) => sum + plainLength(blob), 0) });
    }
  });
  try {
    await Promise.all(runners);
  } finally {
    signal.removeEventListener("abort", abort);
  }
  for (const { path, node } of files) {
    result.bytes += Number(node.size ?? 0n);
    const missing = node.content?.find((id) => failed.has(id));
    if (missing !== undefined) {
      result.faults.push({ path, message: failed.get(missing) as string, damaged: true });
    }
  }
}

async function restorePart(
  repository: Repository,
  pool: WorkerPool<RestoreJob, RestoreJobResult>,
  part: PackPart,
  failed: Map<string, string>,
): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await repository.storage.load({ type: "pack", name: part.pack }, part.range);
  } catch (error) {
    const code = errno(error);
    if (code !== "E_STORAGE_NOT_FOUND" && code !== "E_DAMAGED") throw error;
    if (code === "E_DAMAGED" && part.blobs.length > 1) {
      // Cut off somewhere within: what lies before is worth having.
      for (const blob of part.blobs) await restorePart(repository, pool, alone(part, blob), failed);
      return;
    }
    for (const blob of part.blobs) failed.set(blob.id, messageOf(error));
    return;
  }
  const buffer = bytes.buffer as ArrayBuffer;
  const job = {
    bytes: buffer,
    byteOffset: bytes.byteOffset,
    base: part.range.offset,
    blobs: part.blobs,
  };
  // Small reads come from a pool that Node shares among buffers: those are copied, not moved.
  const own = bytes.byteLength === buffer.byteLength;
  const { failed: lost } = await pool.run(job, own ? [buffer] : []);
  for (const { id, message } of lost) failed.set(id, message);
}

function alone({ pack }: PackPart, blob: RestoreBlob): PackPart {
  return { pack, range: { offset: blob.offset, length: blob.length }, blobs: [blob] };
}

/** @param length in bytes; the file is one hole, until there is more */
function createFile(path: Buffer, length: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    if (length > 0) ftruncateSync(fd, length);
  } finally {
    closeSync(fd);
  }
}

/**
 * Links, further names and special files, when every file has its content.
 * @returns whether this was one, and was made
 */
function makeOther(
  target: Buffer,
  { path, node }: TreeEntry,
  original: Buffer | undefined,
  result: RestoreResult,
): boolean {
  if (original === undefined && (node.type === "dir" || node.type === "file")) return false;
  const problem = makeSpecial(
    below(target, path),
    node,
    original === undefined ? undefined : below(target, original),
  );
  if (problem === undefined) result.files++;
  else result.faults.push({ path, message: problem, damaged: false });
  return problem === undefined;
}

function below(target: Buffer, path: Buffer): Buffer {
  return Buffer.concat([target, path]);
}
