import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Repository } from "../../src/repository/repository.ts";
import { LocalStorage } from "../../src/storage/local.ts";

/** The password of every repository in these tests. */
export const PASSWORD = "correct horse battery staple";

/** A temporary directory that goes when the block ends. */
export interface TemporaryFolder extends Disposable {
  path: string;
  /** Makes a directory in it and gives its path. */
  make(name: string): string;
  /** Writes a file in it and gives its path. */
  write(name: string, content: string): string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "clawback-interop-"));
  return {
    path,
    make(name) {
      mkdirSync(join(path, name));
      return join(path, name);
    },
    write(name, content) {
      writeFileSync(join(path, name), content, { mode: 0o600 });
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * A stock restic at work on a repository of its own in a folder, without a cache and without the
 * caller's settings.
 */
export class Restic {
  readonly folder: string;
  readonly repository: string;
  readonly #program: string;

  constructor(program: string, folder: string) {
    this.#program = program;
    this.folder = folder;
    this.repository = join(folder, "repository");
  }

  /** Runs a command; gives its standard output. Throws, with what restic said, when it fails. */
  run(...args: string[]): Buffer {
    return this.runWith({}, ...args);
  }

  /** As {@link run}, with environment variables of its own. */
  runWith(environment: Record<string, string>, ...args: string[]): Buffer {
    return execFileSync(this.#program, ["--no-cache", ...args], {
      env: {
        PATH: process.env["PATH"],
        HOME: this.folder,
        RESTIC_REPOSITORY: this.repository,
        RESTIC_PASSWORD: PASSWORD,
        ...environment,
      },
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Backs up and gives the summary. */
  backup(...args: string[]): {
    files_new: number;
    files_changed: number;
    files_unmodified: number;
  } {
    const lines = this.run("backup", "--json", ...args)
      .toString("utf8")
      .trim()
      .split("\n");
    return JSON.parse(lines.at(-1) ?? "");
  }

  /** The same repository, opened by Clawback. */
  open(password = PASSWORD): Promise<Repository> {
    return Repository.open(new LocalStorage(this.repository), [password]);
  }

  /** The JSON of the snapshots, oldest first. */
  snapshots(): { id: string; tree: string; paths: string[]; tags?: string[] }[] {
    return JSON.parse(this.run("snapshots", "--json").toString("utf8"));
  }
}
