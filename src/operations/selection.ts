import { closeSync, constants, openSync, readSync } from "node:fs";
import { isSqliteHeader, SIDECAR_SUFFIXES } from "../capture/database.ts";
import type { Component } from "../openclaw/rules.ts";
import { type Candidate, OUT_OF_SCOPE, type Selector } from "../snapshot/walker.ts";
import type { RootIndex } from "./root-index.ts";

const SIDECAR_REASON = "contained in its database's image";

/**
 * What a backup takes: what the rules do not leave out, of the components asked for.
 *
 * @param components empty: all
 */
export function selectionOf(roots: RootIndex, components: readonly Component[]): Selector {
  const wanted = new Set<string>(components);
  return (candidate) => {
    const { path, stat, siblings } = candidate;
    const isDirectory = stat.isDirectory();
    const hasSibling = (name: string) => siblings.has(Buffer.from(name).toString("latin1"));
    const found = roots.classify(path.toString(), isDirectory, hasSibling);
    if (found === undefined) return undefined;
    if (wanted.size > 0 && !isDirectory && !wanted.has(found.component)) return OUT_OF_SCOPE;
    return found.leaveOut ?? (isSidecar(candidate) ? SIDECAR_REASON : undefined);
  };
}

/** Whether this is a log, journal or shared memory of the database beside it. */
function isSidecar({ path, name, stat, siblings }: Candidate): boolean {
  if (!stat.isFile()) return false;
  const text = name.toString("latin1");
  const suffix = SIDECAR_SUFFIXES.find((each) => text.endsWith(each));
  if (suffix === undefined || !siblings.has(text.slice(0, -suffix.length))) return false;
  return isDatabase(path.subarray(0, path.length - suffix.length));
}

/** By its header. What cannot be read is none: then the sidecar is taken as the file it is. */
function isDatabase(path: Buffer): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const header = Buffer.alloc(16);
    return readSync(fd, header, 0, header.length, 0) === header.length && isSqliteHeader(header);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
