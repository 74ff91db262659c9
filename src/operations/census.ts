import type { BigIntStats } from "node:fs";
import { errno, messageOf } from "../errors.ts";
import { ENTRIES_A_TURN, takeTurn } from "../snapshot/turns.ts";
import { type Selector, walk, type WalkStep } from "../snapshot/walker.ts";
import { beginsAsDatabase } from "./database-header.ts";
import type { Exclusion, PathProblem } from "./documents.ts";
import { Exposure } from "./exposure.ts";

/** A file that a backup would take. */
export interface CountedFile {
  path: Buffer;
  stat: BigIntStats;
  /** Other accounts of this machine could read it. */
  exposed: boolean;
}

/** A database by its header, with all names of it that were come upon. */
export interface FoundDatabase {
  names: [CountedFile, ...CountedFile[]];
}

export interface Census {
  databases: FoundDatabase[];
  excluded: Exclusion[];
  errors: PathProblem[];
}

/**
 * Walks a source as a backup does, and opens every file as a backup would, so that what comes out
 * is what a snapshot would hold. Of a file no more than its first bytes are read.
 *
 * @param onFile told each file that is no database
 * @throws E_INTERRUPTED
 */
export async function takeCensus(
  roots: readonly Buffer[],
  select: Selector,
  signal: AbortSignal,
  onFile: (file: CountedFile) => void,
): Promise<Census> {
  const census = new RunningCensus(onFile);
  let entries = 0;
  for (const step of walk(roots, select, { measure: true })) {
    census.see(step);
    if (++entries % ENTRIES_A_TURN === 0) await takeTurn(signal);
  }
  return census.result();
}

class RunningCensus {
  readonly #onFile: (file: CountedFile) => void;
  readonly #exposure = new Exposure();
  readonly #databases = new Map<string, FoundDatabase>();
  readonly #excluded: Exclusion[] = [];
  readonly #errors: PathProblem[] = [];

  constructor(onFile: (file: CountedFile) => void) {
    this.#onFile = onFile;
  }

  see(step: WalkStep): void {
    switch (step.kind) {
      case "enter":
        return this.#exposure.enter(step.entry.stat);
      case "leave":
        return this.#exposure.leave();
      case "entry":
        if (step.entry.stat.isFile()) this.#file(step.entry);
        return;
      case "left-out":
        this.#excluded.push({ ...step.leftOut, path: step.leftOut.path.toString() });
        return;
      case "failed":
        this.#failed(step.failure.path, step.failure.message);
        return;
      case "vanished":
        return;
    }
  }

  result(): Census {
    return {
      databases: [...this.#databases.values()],
      excluded: this.#excluded,
      errors: this.#errors,
    };
  }

  #file({ path, stat }: { path: Buffer; stat: BigIntStats }): void {
    let isDatabase: boolean;
    try {
      isDatabase = beginsAsDatabase(path);
    } catch (error) {
      if (errno(error) !== "ENOENT") this.#failed(path, messageOf(error));
      return;
    }
    const file = { path, stat, exposed: this.#exposure.isReadable(stat) };
    if (!isDatabase) return this.#onFile(file);
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.#databases.get(key);
    if (known === undefined) this.#databases.set(key, { names: [file] });
    else known.names.push(file);
  }

  #failed(path: Buffer, message: string): void {
    this.#errors.push({ path: path.toString(), message });
  }
}
