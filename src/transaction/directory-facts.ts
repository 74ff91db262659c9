import { chmodSync, chownSync, utimesSync } from "node:fs";
import { messageOf } from "../errors.ts";
import type { OnStep } from "./hands.ts";
import { look } from "./look.ts";
import { bytesOf, readable, type RawPath } from "./raw-path.ts";

/** A directory whose facts change because something in it is moved, and what they shall be. */
export interface Touched {
  /** Where it, or what takes its facts, is when nothing was moved. */
  before: RawPath;
  /** The same when everything was. */
  after: RawPath;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds, as a decimal number that is exact. */
  atime: string;
  mtime: string;
}

/** The facts of the directory at `before` as they are now; nothing when it is none. */
export function touch(before: RawPath, after: RawPath): Touched[] {
  const stat = look(before)?.stat;
  if (stat?.isDirectory() !== true) return [];
  return [
    {
      before,
      after,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      atime: seconds(stat.atimeNs),
      mtime: seconds(stat.mtimeNs),
    },
  ];
}

/** @returns what could not be done, as sentences */
export function applyFacts(
  touched: readonly Touched[],
  side: "before" | "after",
  step: OnStep,
): string[] {
  return touched.flatMap((facts) => {
    const path = facts[side];
    const stat = look(path)?.stat;
    if (stat?.isDirectory() !== true) return [];
    step(`facts ${readable(path)}`);
    try {
      const owned = Number(stat.uid) === facts.uid && Number(stat.gid) === facts.gid;
      if (!owned && process.getuid?.() === 0) chownSync(bytesOf(path), facts.uid, facts.gid);
      // After the owner: giving a directory away clears setgid.
      if ((Number(stat.mode) & 0o7777) !== facts.mode || !owned) {
        chmodSync(bytesOf(path), facts.mode);
      }
      utimesSync(bytesOf(path), facts.atime, facts.mtime);
      return [];
    } catch (error) {
      return [`${readable(path)}: its owner, mode or times could not be set: ${messageOf(error)}`];
    }
  });
}

function seconds(nanoseconds: bigint): string {
  const digits = String(nanoseconds < 0n ? -nanoseconds : nanoseconds).padStart(10, "0");
  return `${nanoseconds < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
