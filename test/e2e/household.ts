import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import { bin } from "../cli/clawback.ts";
import type { MadeInstance } from "../fixtures/instances.ts";

/** The password of households that have one of their own instead of a phrase. */
export const PASSWORD = "hunter2 and a lobster";

export interface Said {
  stdout: string;
  stderr: string;
  code: number | null;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Runs as this user and group: only root can say so. */
  uid?: number;
  /** Does something to the running process. */
  meanwhile?: (child: ChildProcess) => void | Promise<void>;
}

type Make = (stateDir: string) => Promise<MadeInstance>;

/** A person's machine in a temporary directory: a home, an instance, a disk for backups. */
export class Household implements AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly stateDir: string;
  /** Where the program is told to keep the repository, beyond the state and on no default place. */
  readonly repository: string;
  /** Environment of every run. */
  readonly env: Record<string, string>;
  /** Everything the program ever printed here. */
  readonly outputs: string[] = [];
  #targets = 0;

  private constructor(root: string) {
    this.root = root;
    this.home = join(root, "home");
    this.stateDir = join(this.home, ".openclaw");
    this.repository = join(root, "disk/repository");
    this.env = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.home,
      TZ: "UTC",
      XDG_CONFIG_HOME: join(root, "xdg/config"),
      XDG_STATE_HOME: join(root, "xdg/state"),
      XDG_CACHE_HOME: join(root, "xdg/cache"),
      XDG_DATA_HOME: join(root, "xdg/data"),
      CLAWBACK_REPO: this.repository,
    };
  }

  static async create(make?: Make): Promise<Household> {
    if (!existsSync(join(bin, "../../dist/cli/main.js"))) {
      throw new Error("dist/ is missing: npm run build");
    }
    const house = new Household(await realpath(await mkdtemp(join(tmpdir(), "clawback-e2e-"))));
    await mkdir(house.home, { mode: 0o700 });
    await mkdir(join(house.root, "disk"), { mode: 0o700 });
    await make?.(house.stateDir);
    return house;
  }

  /** With a repository that opens with {@link PASSWORD}, and no snapshot in it yet. */
  static async withRepository(make: Make): Promise<Household> {
    const house = await Household.create(make);
    house.env["CLAWBACK_PASSWORD"] = PASSWORD;
    expect(await house.run("init --no-backup")).toMatchObject({ code: 0 });
    return house;
  }

  /** A path in the state directory. */
  state(...parts: string[]): string {
    return join(this.stateDir, ...parts);
  }

  /** Writes a file of the instance, making its directories. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(join(this.state(path), ".."), { recursive: true });
    await writeFile(this.state(path), content, { mode: 0o600 });
  }

  /** A path for a restore, not there yet. */
  newTarget(): string {
    this.#targets += 1;
    return join(this.root, `target-${this.#targets}`);
  }

  /** Runs `clawback` with these words, without a terminal, to its end. */
  async run(words: string | readonly string[], options: RunOptions = {}): Promise<Said> {
    const argv = typeof words === "string" ? words.split(" ").filter(Boolean) : words;
    const { uid } = options;
    const child = spawn(process.execPath, [bin, ...argv], {
      cwd: this.home,
      env: { ...this.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid !== undefined && { uid, gid: uid }),
    });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      closed,
      options.meanwhile?.(child),
    ]);
    this.outputs.push(stdout, stderr);
    return { stdout, stderr, code };
  }

  /** The `--json` document of a run that ends with this exit code. */
  async json<T>(words: string | readonly string[], code = 0, options?: RunOptions): Promise<T> {
    const argv = typeof words === "string" ? words.split(" ").filter(Boolean) : words;
    const said = await this.run([...argv, "--json"], options);
    expect(said, `clawback ${argv.join(" ")}`).toMatchObject({ code });
    return JSON.parse(said.stdout) as T;
  }

  /** Fails unless the run ends so: told with a code and a hint, to people and to scripts alike. */
  async expectFailure(
    words: string | readonly string[],
    expected: { exit: number; code: string; message?: RegExp; hint?: RegExp },
    options?: RunOptions,
  ): Promise<Said> {
    const argv = typeof words === "string" ? words.split(" ").filter(Boolean) : words;
    const said = await this.run([...argv, "--json"], options);
    expect(said, `clawback ${argv.join(" ")}`).toMatchObject({ code: expected.exit });
    expect(said.stderr).toMatch(/^error: .+/mu);
    expect(said.stderr).toContain(`(${expected.code})`);
    expect(said.stderr).toMatch(/^hint: .+/mu);
    expect(said.stderr).not.toMatch(/^\s+at /mu);
    const { error } = JSON.parse(said.stdout) as {
      error: { code: string; message: string; hint: string };
    };
    expect(error.code).toBe(expected.code);
    if (expected.message !== undefined) expect(error.message).toMatch(expected.message);
    expect(error.hint).toMatch(expected.hint ?? /./u);
    return said;
  }

  /** Makes everything here another user's. */
  async giveTo(uid: number): Promise<void> {
    await chown(this.root, uid, uid);
    for (const path of await this.paths()) await chown(path, uid, uid);
  }

  /** Every path below the root, links not followed. */
  async paths(below = this.root): Promise<string[]> {
    const entries = await readdir(below, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  /** Names and contents of every file of the repository, to see that nothing touched it. */
  async repositoryFiles(): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    const entries = await readdir(this.repository, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      files.set(path, (await readFile(path)).toString("latin1"));
    }
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}
