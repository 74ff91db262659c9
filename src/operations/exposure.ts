import type { BigIntStats } from "node:fs";
import { systemGroups } from "../fs/groups.ts";

const OTHERS_READ = 0o004;
const OTHERS_ENTER = 0o001;
const GROUP_READ = 0o040;
const GROUP_ENTER = 0o010;

type Entry = Pick<BigIntStats, "mode" | "uid" | "gid">;

/** Whether a group has members beside its user. */
export type IsShared = (gid: number, uid: number) => boolean;

/**
 * Finds out which files other accounts of this machine could read, by the modes of a file and of
 * all directories that lead to it. To be told of every directory that is entered and left.
 */
export class Exposure {
  readonly #isShared: IsShared;
  readonly #way: Entry[] = [];

  constructor(isShared: IsShared = systemGroups().isShared) {
    this.#isShared = isShared;
  }

  enter(directory: Entry): void {
    this.#way.push(directory);
  }

  leave(): void {
    this.#way.pop();
  }

  /** Of a file in the directory that was entered last. */
  isReadable(file: Entry): boolean {
    const mode = Number(file.mode);
    if ((mode & OTHERS_READ) !== 0 && this.#way.every(lets(OTHERS_ENTER))) return true;
    if ((mode & GROUP_READ) === 0 || !this.#isShared(Number(file.gid), Number(file.uid))) {
      return false;
    }
    return this.#way.every((directory) =>
      lets(directory.gid === file.gid ? GROUP_ENTER : OTHERS_ENTER)(directory),
    );
  }
}

function lets(bit: number): (directory: Entry) => boolean {
  return ({ mode }) => (Number(mode) & bit) !== 0;
}
