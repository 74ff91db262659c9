import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { errno, messageOf } from "../errors.ts";
import type { FrozenDirectory, FrozenEntry } from "./frozen.ts";

/** A path that could not be looked at. */
export interface WalkFailure {
  path: Buffer;
  code: string | undefined;
  message: string;
}

/** What a look at a path brought, when not what was looked for. */
export type LookFailure =
  | { kind: "vanished"; path: Buffer }
  | { kind: "failed"; failure: WalkFailure };

/** The names in a directory, ascending by their bytes; as it is, or as it was when it was frozen. */
export interface Listing {
  dir: Buffer;
  names: Buffer[];
  /** The same names, as latin1. */
  siblings: ReadonlySet<string>;
  /** By name as latin1. */
  frozen: ReadonlyMap<string, FrozenEntry> | undefined;
}

const SLASH = Buffer.from("/");

/** @param dir without a trailing slash; empty for `/` */
export function join(dir: Buffer, name: Buffer): Buffer {
  return Buffer.concat([dir, SLASH, name]);
}

export function listLive(dir: Buffer): Listing | LookFailure {
  try {
    const names = readdirSync(dir, { encoding: "buffer" }).sort(Buffer.compare);
    const siblings = new Set(names.map((name) => name.toString("latin1")));
    return { dir, names, siblings, frozen: undefined };
  } catch (error) {
    return lookFailure(dir, error);
  }
}

export function listFrozen(dir: Buffer, { entries }: FrozenDirectory): Listing {
  const names = entries.map(({ name }) => name).sort(Buffer.compare);
  const frozen = new Map(entries.map((entry) => [entry.name.toString("latin1"), entry]));
  return { dir, names, siblings: new Set(frozen.keys()), frozen };
}

/** What `lstat` says, or said. */
export function statOf(path: Buffer, frozen?: FrozenEntry): BigIntStats | LookFailure {
  if (frozen !== undefined) return frozen.stat;
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    return lookFailure(path, error);
  }
}

/** Where a link points. */
export function targetOf(path: Buffer, frozen?: FrozenEntry): Buffer | LookFailure {
  if (frozen?.linktarget !== undefined) return frozen.linktarget;
  try {
    return readlinkSync(path, { encoding: "buffer" });
  } catch (error) {
    return lookFailure(path, error);
  }
}

function lookFailure(path: Buffer, error: unknown): LookFailure {
  const code = errno(error);
  if (code === "ENOENT") return { kind: "vanished", path };
  return { kind: "failed", failure: { path, code, message: messageOf(error) } };
}
