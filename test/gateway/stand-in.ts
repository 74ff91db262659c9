import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readGatewayLock } from "../../src/gateway/gateway-lock.ts";
import { environmentOf, lives } from "../../src/gateway/process-table.ts";
import type { ProcessKey } from "../../src/gateway/recipe.ts";
import { findInstance } from "../../src/openclaw/find-instance.ts";
import type { Instance } from "../../src/openclaw/find-instance.ts";
import type { Surroundings } from "../../src/openclaw/user-paths.ts";
import { startOf } from "../../src/fs/process-identity.ts";
import { freePort } from "../../src/sandbox/free-port.ts";

export const STAND_IN = resolve(import.meta.dirname, "stand-in/openclaw.mjs");
/** Longer than any of its starts takes on a busy machine. */
const START_TIMEOUT_MS = 20_000;

/** What one start of the stand-in has said. */
export interface Said {
  pid: number;
  cwd: string;
  argv: string[];
  /** The length of the secret in its environment. */
  secret: number;
  umask: number;
  uid: number;
}

/** An instance with a stand-in for its gateway. Disposing ends whatever runs of it. */
export class StandIn implements AsyncDisposable {
  readonly root: string;
  readonly stateDir: string;
  readonly port: number;
  readonly log: string;
  readonly env: Record<string, string>;

  private constructor(root: string, port: number, env: Record<string, string>) {
    this.root = root;
    this.stateDir = join(root, "home/.openclaw");
    this.port = port;
    this.log = join(root, "gateway.log");
    this.env = { STATE: this.stateDir, PATH: process.env["PATH"] ?? "", ...env };
  }

  static async create(env: Record<string, string> = {}): Promise<StandIn> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "clawback-gateway-")));
    const standIn = new StandIn(root, await freePort(), env);
    await mkdir(standIn.stateDir, { recursive: true });
    const config = { gateway: { port: standIn.port } };
    await writeFile(join(standIn.stateDir, "openclaw.json"), JSON.stringify(config));
    return standIn;
  }

  get surroundings(): Surroundings {
    return { env: { PATH: this.env["PATH"] }, home: join(this.root, "home"), platform: "linux" };
  }

  async instance(): Promise<Instance> {
    return findInstance(this.surroundings);
  }

  get command(): string[] {
    return [process.execPath, STAND_IN, "gateway", "run", "--port", String(this.port)];
  }

  /** Starts it as a shell would; returns when it listens. `before` goes before its command. */
  async start(before: string[] = []): Promise<ChildProcess> {
    const log = openSync(this.log, "a", 0o644);
    const [program = "", ...args] = [...before, ...this.command];
    const child = spawn(program, args, {
      env: this.env,
      cwd: this.root,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    const known = (await this.said()).length;
    await this.untilSaid(known + 1);
    return child;
  }

  /** What every start so far has said. */
  async said(): Promise<Said[]> {
    const text = await readFile(this.log, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Said);
  }

  /** Waits for the start of that number, from 1; answers with what it said. */
  async untilSaid(count: number): Promise<Said> {
    const end = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const said = (await this.said())[count - 1];
      if (said !== undefined) return said;
      if (Date.now() > end)
        throw new Error(`no start ${count}: ${await readFile(this.log, "utf8")}`);
      await delay(20);
    }
  }

  /** Who holds the state now. */
  async running(): Promise<ProcessKey | undefined> {
    const { lock } = await readGatewayLock(await this.instance());
    const key = { pid: lock?.pid ?? 0, start: (await startOf(lock?.pid ?? 0)) ?? "" };
    return lock !== undefined && (await lives(key)) ? key : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A keeper that still waits for it to be ready takes the kill for a failed start: once more,
    // and without a directory no further start succeeds.
    const options = { recursive: true, force: true, maxRetries: 10 };
    do {
      for (const pid of await this.#processes()) process.kill(pid, "SIGKILL");
      await rm(this.root, options);
      await delay(300);
    } while ((await this.#processes()).length > 0 || existsSync(this.root));
  }

  /** A pid that it once had may be somebody else's by now: the environment tells. */
  async #processes(): Promise<number[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const ours = await Promise.all(
      pids.map(async (pid) => {
        const env: Record<string, string> = await environmentOf(pid).catch(() => ({}));
        return env["STATE"] === this.stateDir;
      }),
    );
    return pids.filter((_, index) => ours[index] === true);
  }
}
