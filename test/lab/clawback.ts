import { type ChildProcess, execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { OpenClawLab } from "./openclaw-lab.ts";

const PROGRAM =
  process.env["CLAWBACK_TEST_BIN"] ?? resolve(import.meta.dirname, "../../bin/clawback.js");

interface LabRun {
  env?: Record<string, string>;
  /** Exit codes that are no failure. */
  codes?: number[];
  /** Does something to the running process. */
  meanwhile?: (child: ChildProcess) => void;
}

/** The built Clawback for one lab's instance, with a repository and settings outside that lab. */
export class LabClawback implements AsyncDisposable {
  readonly root: string;
  readonly #env: Record<string, string>;
  readonly #stateDir: string;

  private constructor(root: string, lab: OpenClawLab) {
    this.root = root;
    this.#stateDir = lab.stateDir;
    this.#env = {
      HOME: lab.home,
      PATH: lab.env["PATH"] ?? "",
      LANG: "C.UTF-8",
      TMPDIR: join(root, "tmp"),
      XDG_CONFIG_HOME: join(root, "config"),
      XDG_STATE_HOME: join(root, "state"),
      XDG_CACHE_HOME: join(root, "cache"),
      XDG_DATA_HOME: join(root, "data"),
      CLAWBACK_REPO: join(root, "repository"),
      CLAWBACK_PASSWORD_FILE: join(root, "password"),
    };
  }

  /** With an empty repository, made by `clawback init`. */
  static async create(lab: OpenClawLab): Promise<LabClawback> {
    const root = await mkdtemp(join(tmpdir(), "clawback-lab-repo-"));
    const clawback = new LabClawback(root, lab);
    await mkdir(join(root, "tmp"));
    await writeFile(join(root, "password"), "a password for a lab\n", { mode: 0o600 });
    await clawback.run(["init", "--no-backup", "--no-schedule", "--yes"]);
    return clawback;
  }

  /**
   * Runs a command and reads its `--json` document. Throws unless it ends with 0, or with one of
   * the given codes.
   */
  async run(
    args: string[],
    { env = {}, codes = [0], meanwhile }: LabRun = {},
  ): Promise<Record<string, unknown>> {
    const command = [PROGRAM, ...args, "--state-dir", this.#stateDir, "--json"];
    const running = promisify(execFile)(process.execPath, command, {
      env: { ...this.#env, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    meanwhile?.(running.child);
    const { stdout } = await running.catch((error: { code: number; stdout: string }) => {
      if (codes.includes(error.code)) return error;
      throw error;
    });
    const last = stdout.trim().startsWith("{\n")
      ? stdout
      : (stdout.trim().split("\n").at(-1) ?? "");
    return JSON.parse(last) as Record<string, unknown>;
  }

  /** Backs up, restores the latest snapshot; answers with the restored state directory. */
  async backupAndRestore(name: string): Promise<string> {
    await this.run(["backup"]);
    return this.restore(name);
  }

  /** Restores the latest snapshot below a new folder; answers with the state directory in it. */
  async restore(name: string): Promise<string> {
    const target = join(this.root, name);
    await this.run(["restore", "--target", target]);
    return join(target, this.#stateDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
