import { open, stat } from "node:fs/promises";
import { errno } from "../errors.ts";
import { realPath, sidecar } from "./path.ts";
import type { RawPath } from "./path.ts";

/**
 * One file's outside, fit for JSON: 64-bit numbers as decimal strings. A sidecar's ctime is left
 * out (null): SQLite run by root touches it whenever it opens one, to read too.
 */
export interface FileStamp {
  size: string;
  mtimeNs: string;
  ctimeNs: string | null;
  ino: string;
  dev: string;
}

/**
 * What a database looks like without reading it. A commit in WAL mode leaves the main file's size
 * and times as they were, so the log belongs to it, its salts too.
 */
export interface DatabaseSignature {
  main: FileStamp;
  /** `header` is hex: 32 bytes with salts and checkpoint number, or fewer when the log is shorter. */
  wal: (FileStamp & { header: string }) | null;
  journal: FileStamp | null;
  /** False when a file changed so recently that a further change could leave its times alike. */
  settled: boolean;
}

/** Times closer than this to now do not prove that nothing follows them. */
export const SETTLED_MS = 2000;

/** File systems stamp times in steps of up to 10 ms: a change within one step of a look is not seen by the next. */
export const TIME_STEP_MS = 20;

/** Takes the signature. Opens only the log, never the database: see the rule about locks in `pin.ts`. */
export async function databaseSignature(path: RawPath): Promise<DatabaseSignature> {
  const now = Date.now();
  const real = await realPath(path);
  const main = await stampOf(real);
  const wal = await orNull(() => walStamp(sidecar(real, "-wal")));
  const journal = await orNull(() => sidecarStamp(sidecar(real, "-journal")));
  const stamps = [main, wal, journal].filter((stamp) => stamp !== null);
  return {
    main,
    wal,
    journal,
    settled: stamps.every((stamp) => isSettled(stamp, SETTLED_MS, now)),
  };
}

/**
 * Whether nothing was written between two signatures. An unsettled earlier one never proves that.
 */
export function sameSignature(earlier: DatabaseSignature, later: DatabaseSignature): boolean {
  return (
    earlier.settled &&
    sameStamp(earlier.main, later.main) &&
    sameStamp(earlier.wal, later.wal) &&
    earlier.wal?.header === later.wal?.header &&
    sameStamp(earlier.journal, later.journal)
  );
}

export function sameStamp(a: FileStamp | null, b: FileStamp | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.ino === b.ino &&
    a.dev === b.dev
  );
}

/**
 * True when the last change was at least `ageMs` old. A time in the future never is.
 *
 * @param nowMs a time from before the stamp was taken
 */
export function isSettled(stamp: FileStamp, ageMs: number, nowMs: number): boolean {
  const newest = Math.max(Number(stamp.mtimeNs), Number(stamp.ctimeNs ?? 0)) / 1e6;
  return nowMs - newest >= ageMs;
}

export async function stampOf(path: RawPath): Promise<FileStamp> {
  const { size, mtimeNs, ctimeNs, ino, dev } = await stat(path, { bigint: true });
  return {
    size: String(size),
    mtimeNs: String(mtimeNs),
    ctimeNs: String(ctimeNs),
    ino: String(ino),
    dev: String(dev),
  };
}

async function sidecarStamp(path: RawPath): Promise<FileStamp> {
  return { ...(await stampOf(path)), ctimeNs: null };
}

async function walStamp(path: RawPath): Promise<FileStamp & { header: string }> {
  const stamp = await sidecarStamp(path);
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
  return { ...stamp, header: buffer.subarray(0, bytesRead).toString("hex") };
}

/** A file that is not there is null. */
export async function orNull<T>(take: () => Promise<T>): Promise<T | null> {
  try {
    return await take();
  } catch (error) {
    if (errno(error) === "ENOENT") return null;
    throw error;
  }
}
