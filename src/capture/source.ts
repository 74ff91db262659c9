import { accessSync, closeSync, constants, fstatSync, openSync, statfsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { errno } from "../errors.ts";
import { readHeader } from "./header.ts";
import { realPath, sidecar } from "./path.ts";
import type { RawPath, SidecarSuffix } from "./path.ts";
import { isHotJournal } from "./recover.ts";
import { databaseSignature } from "./signature.ts";
import type { DatabaseSignature } from "./signature.ts";

/** A live database as one look finds it. The signature was taken before anything was read. */
export interface Source {
  path: Buffer;
  signature: DatabaseSignature;
  /** Bytes of the main file. */
  size: number;
  pageSize: number;
  /** The header, or a `-wal` of any length, says that SQLite would look for a log. */
  walMode: boolean;
  /** There is a log with something in it. */
  hasLog: boolean;
  /** There is a rollback journal with a header: somebody is writing, or died doing so. */
  hotJournal: boolean;
}

export async function lookAt(path: Buffer): Promise<Source> {
  const signature = await databaseSignature(path);
  const { header, size } = withFile(path, (fd) => ({
    header: readHeader(fd),
    size: fstatSync(fd).size,
  }));
  return {
    path,
    signature,
    size,
    pageSize: header.pageSize,
    walMode: header.walMode || signature.wal !== null,
    hasLog: signature.wal !== null && signature.wal.size !== "0",
    hotJournal: withSidecar(path, "-journal", isHotJournal) ?? false,
  };
}

/** Opens a file to read for as long as `work` takes. */
export function withFile<T>(path: RawPath, work: (fd: number) => T): T {
  const fd = openSync(path, "r");
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same for a sidecar, which may go at any moment: undefined when it is not there. */
export function withSidecar<T>(
  path: RawPath,
  suffix: SidecarSuffix,
  work: (fd: number) => T,
): T | undefined {
  try {
    return withFile(sidecar(path, suffix), work);
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether SQLite's locks can keep this source as it is while it is copied. */
export function canPin(source: Source): boolean {
  if (isRemote(source.path)) return false;
  if (!source.walMode) return true;
  return source.signature.wal !== null && isReadable(sidecar(source.path, "-shm"));
}

function isReadable(path: RawPath): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Linux's numbers (statfs(2)) of file systems whose locks and shared memory need not reach the writer. */
const REMOTE_TYPES = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x01021997, // 9p
  0x65735546, // FUSE: virtiofs, sshfs …
  0x00c36400, // Ceph
  0x5346414f, // AFS
]);

export function isRemote(path: RawPath): boolean {
  return process.platform === "linux" && REMOTE_TYPES.has(statfsSync(path).type >>> 0);
}

/** Which of a file's names to capture it by, and what that leaves in doubt. */
export interface ChosenName {
  path: Buffer;
  doubt?: string;
}

/**
 * A file with several names (hard links) has its log beside the one its writer uses.
 *
 * @param otherNames further names of the same file that the caller knows
 */
export async function chooseName(path: RawPath, otherNames: RawPath[]): Promise<ChosenName> {
  const names = await Promise.all([path, ...otherNames].map(realPath));
  const first = names[0] as Buffer;
  const { nlink } = await stat(first);
  if (nlink === 1) return { path: first };
  const looks = await Promise.all(names.map(lookAt));
  const live = looks.filter((look) => look.hasLog || look.hotJournal);
  if (live.length > 1) {
    return { path: first, doubt: "it has several names, and more than one of them a log" };
  }
  const chosen = live[0]?.path ?? first;
  return live.length === 1 || names.length >= nlink
    ? { path: chosen }
    : { path: chosen, doubt: "it has further names, and its log may lie beside one of them" };
}
