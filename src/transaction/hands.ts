import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path/posix";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { explainFileError } from "../fs/file-errors.ts";
import { look } from "./look.ts";
import { bytesOf, readable, type RawPath } from "./raw-path.ts";

/** Called before everything that changes the disk. What it throws ends the work there. */
export type OnStep = (what: string) => void;

/** All that a transaction does to a disk goes through here. */
export interface Hands {
  rename(from: RawPath, to: RawPath): void;
  /** False: no hard links here. */
  link(from: RawPath, to: RawPath): boolean;
  unlink(path: RawPath): void;
  /** False: it was there. */
  mkdir(path: RawPath, mode?: number): boolean;
  /** False: it is not empty, or not there. */
  rmdir(path: RawPath): boolean;
  chmod(path: RawPath, mode: number): void;
  write(path: RawPath, content: string): void;
  /** Announces what something else is about to do. */
  step: OnStep;
}

const NO_LINKS = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EIO"]);
const STAYS = new Set(["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"]);

/**
 * @param mayOpen directories whose modes are put back later: where an ordinary user may not write
 * into one of them, or move it, it is made writable
 */
export function handsOn(step: OnStep, mayOpen: ReadonlySet<RawPath> = new Set()): Hands {
  const act = <Result>(what: string, path: RawPath, action: () => Result): Result => {
    step(`${what} ${readable(path)}`);
    try {
      return action();
    } catch (error) {
      throw new DiskTrouble(readable(path), error);
    }
  };
  const open = (path: RawPath): void => {
    if (process.getuid?.() === 0 || !mayOpen.has(path)) return;
    const seen = look(path);
    if (seen?.stat.isDirectory() !== true || (Number(seen.stat.mode) & 0o300) === 0o300) return;
    act("chmod", path, () => chmodSync(bytesOf(path), (Number(seen.stat.mode) & 0o7777) | 0o700));
  };
  return {
    step,
    rename(from, to) {
      for (const path of [dirname(from), dirname(to), from]) open(path);
      act("rename", from, () => renameSync(bytesOf(from), bytesOf(to)));
    },
    link(from, to) {
      for (const path of [dirname(from), dirname(to)]) open(path);
      try {
        act("link", from, () => linkSync(bytesOf(from), bytesOf(to)));
        return true;
      } catch (error) {
        if (error instanceof DiskTrouble && NO_LINKS.has(errno(error.cause) ?? "")) return false;
        throw error;
      }
    },
    unlink(path) {
      open(dirname(path));
      act("unlink", path, () => unlinkSync(bytesOf(path)));
    },
    mkdir(path, mode = 0o700) {
      return act("mkdir", path, () => unless("EEXIST", () => mkdirSync(bytesOf(path), mode)));
    },
    rmdir(path) {
      return act("rmdir", path, () => unless(STAYS, () => rmdirSync(bytesOf(path))));
    },
    chmod(path, mode) {
      act("chmod", path, () => chmodSync(bytesOf(path), mode));
    },
    write(path, content) {
      act("write", path, () => writeFileSync(bytesOf(path), content, { mode: 0o600, flag: "wx" }));
    },
  };
}

function unless(codes: string | ReadonlySet<string>, action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    const code = errno(error) ?? "";
    if (typeof codes === "string" ? codes === code : codes.has(code)) return false;
    throw error;
  }
}

/** A system error, and the path that it was about. */
export class DiskTrouble extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`${path}: ${messageOf(cause)}`, { cause });
    this.path = path;
  }
}

/** What a person is told of it. */
export async function explained(error: unknown): Promise<unknown> {
  if (!(error instanceof DiskTrouble)) return error;
  if (errno(error.cause) === "EXDEV") {
    return new ClawbackError("E_FAILED", `${error.path} cannot be renamed out of its file system`, {
      hint: "Something is mounted there, or it comes from an image's layer: restore to a --target.",
      cause: error.cause,
    });
  }
  const known = await explainFileError(error.cause, error.path);
  return known instanceof ClawbackError
    ? known
    : new ClawbackError("E_FAILED", `cannot replace ${error.path}: ${messageOf(error.cause)}`, {
        cause: error.cause,
      });
}
