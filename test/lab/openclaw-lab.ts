import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openclaw } from "../peers/peers.ts";
import { startModelServer } from "./model-server.ts";
import type { ModelServer } from "./model-server.ts";
import { processTree, signalAll, waitUntilGone } from "./processes.ts";
import { freePort } from "../../src/sandbox/free-port.ts";

const COMMAND_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 180_000;
const KILL_TIMEOUT_MS = 10_000;
const TURN_ATTEMPTS = 3;

/** Anything but a session's key may be missing: OpenClaw adds and drops fields. */
export interface LabSession {
  key: string;
  sessionId?: string;
}

export interface LabCron {
  id: string;
  name: string;
}

/** Whose instance it is; the tests' own user, unless said otherwise, with `home` below the root. */
export interface LabUser {
  /** Absolute. */
  home?: string;
  uid?: number;
  gid?: number;
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * A real OpenClaw in a home of its own, on ports of its own, with a stand-in for the model: no
 * network, no leftovers. Disposing ends every process it has started and waits until they are
 * gone; the files (`gateway.log` among them) are then removed unless something in here failed or
 * `CLAWBACK_KEEP_LAB` is set.
 */
export class OpenClawLab implements AsyncDisposable {
  /** Holds `home`, `tmp` and `gateway.log`. */
  readonly root: string;
  readonly home: string;
  readonly stateDir: string;
  /** The gateway's. */
  readonly port: number;
  /** All that a command of this lab sees; nothing is inherited but where node is. */
  readonly env: Record<string, string>;
  readonly model: ModelServer;
  readonly #script: string;
  readonly #user: { uid?: number; gid?: number };
  #gateway: ChildProcess | undefined;
  #failed = false;

  private constructor(
    root: string,
    script: string,
    model: ModelServer,
    port: number,
    { home = join(root, "home"), ...user }: LabUser = {},
  ) {
    this.root = root;
    this.home = home;
    this.#user = user;
    this.stateDir = join(this.home, ".openclaw");
    this.port = port;
    this.model = model;
    this.#script = script;
    this.env = {
      HOME: this.home,
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      TMPDIR: join(root, "tmp"),
      LANG: "C.UTF-8",
      TZ: "UTC",
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: join(tmpdir(), "clawback-lab-compile-cache"),
    };
  }

  /** A freshly onboarded instance with one agent, `clawd`; its gateway is not running yet. */
  static async create(): Promise<OpenClawLab> {
    const script = openclaw.program;
    if (script === undefined) throw new Error("no OpenClaw here: see test/peers/install.sh");
    const root = await mkdtemp(join(tmpdir(), "clawback-lab-"));
    const lab = new OpenClawLab(root, script, await startModelServer(), await freePort());
    try {
      await mkdir(lab.home);
      await mkdir(join(root, "tmp"));
      await lab.#onboard();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * The same instance where a move has put it: another home, perhaps another user's. The model and
   * the port are shared, and stay this one's to close.
   */
  movedTo(root: string, user: LabUser): OpenClawLab {
    return new OpenClawLab(root, this.#script, this.model, this.port, user);
  }

  async #onboard(): Promise<void> {
    const provider = [
      ["--auth-choice", "custom-api-key"],
      ["--custom-base-url", this.model.baseUrl],
      ["--custom-model-id", "fake-1"],
      ["--custom-provider-id", "fakeprov"],
      ["--custom-api-key", "not-a-secret"],
      ["--custom-compatibility", "openai"],
    ].flat();
    const gateway = [
      ["--gateway-port", String(this.port)],
      ["--gateway-bind", "loopback"],
      ["--gateway-auth", "token"],
      ["--gateway-token", "lab-token"],
    ].flat();
    const quiet = ["--no-install-daemon", "--skip-health", "--skip-channels", "--skip-skills"];
    const mode = ["--non-interactive", "--accept-risk", "--mode", "local", "--agent-name", "Clawd"];
    await this.run(["onboard", ...mode, ...provider, ...gateway, ...quiet, "--json"]);
  }

  /** Starts the gateway; returns when it says that it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, "a", 0o600);
    const args = [this.#script, "gateway", "run", "--port", String(this.port)];
    const gateway = spawn(process.execPath, args, {
      ...this.#user,
      env: this.env,
      cwd: this.home,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#gateway = gateway;
    const end = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      const gone = gateway.exitCode !== null || gateway.signalCode !== null;
      if (gone || Date.now() > end) {
        throw await this.#failure(gone ? "the gateway ended" : "the gateway does not get ready");
      }
      await delay(100);
    }
  }

  /** Whether the gateway answers `/readyz`. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  /** Asks the gateway to end; returns when its processes are gone. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM", STOP_TIMEOUT_MS);
  }

  /** The gateway as after a power cut: SIGKILL to all its processes; returns when they are gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL", KILL_TIMEOUT_MS);
  }

  async #end(signal: "SIGTERM" | "SIGKILL", timeoutMs: number): Promise<void> {
    const gateway = this.#gateway;
    if (gateway?.pid === undefined) return;
    this.#gateway = undefined;
    const tree = await processTree(gateway.pid);
    signalAll(signal === "SIGTERM" ? tree.slice(0, 1) : tree, signal);
    if (await waitUntilGone(tree, timeoutMs)) return;
    signalAll(tree, "SIGKILL");
    await waitUntilGone(tree, KILL_TIMEOUT_MS);
    throw await this.#failure(`the gateway lived on after ${signal} for ${timeoutMs} ms`);
  }

  /** Runs an OpenClaw command in this lab. Throws unless it ends with 0. */
  async run(args: string[], env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.tryRun(args, env);
    if (code === 0) return stdout;
    throw await this.#failure(`openclaw ${args.join(" ")}: exit ${code}\n${stdout}\n${stderr}`);
  }

  /** Runs an OpenClaw command in this lab, whatever comes of it (`code` is null after a signal). */
  async tryRun(args: string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const child = spawn(process.execPath, [this.#script, ...args], {
      ...this.#user,
      env: { ...this.env, ...env },
      cwd: this.home,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const overdue = setTimeout(() => void endTree(child), COMMAND_TIMEOUT_MS);
    try {
      const [stdout, stderr] = await Promise.all([
        child.stdout.toArray(),
        child.stderr.toArray(),
        once(child, "close"),
      ]);
      return { code: child.exitCode, stdout: text(stdout), stderr: text(stderr) };
    } finally {
      clearTimeout(overdue);
    }
  }

  /** A job that never falls due while a test runs, with a message for the agent or a command. */
  async addCron(name: string, job: { message: string } | { command: string }): Promise<void> {
    const what = "message" in job ? ["--message", job.message] : ["--command", job.command];
    const quiet = ["--agent", "clawd", "--no-deliver"];
    await this.run(["cron", "add", "--name", name, "--cron", "0 7 1 1 *", ...quiet, ...what]);
  }

  /** One turn of an agent, through the gateway. Returns when it is answered and stored. */
  async turn(
    message: string,
    { agent = "clawd", sessionKey }: { agent?: string; sessionKey?: string } = {},
  ): Promise<void> {
    const session = sessionKey === undefined ? [] : ["--session-key", sessionKey];
    const command = ["agent", "--agent", agent, ...session, "--message", message, "--json"];
    for (let attempt = 1; attempt < TURN_ATTEMPTS; attempt += 1) {
      const { code, stdout } = await this.tryRun(command);
      if (code === 0) return;
      // On a busy machine its own housekeeping holds this lock longer than its turns wait for it.
      if (!stdout.includes("owns state-lifecycle")) break;
    }
    await this.run(command);
  }

  /** Reads the files; with `copyEnv` those of a copy. */
  async sessions(env: Record<string, string> = {}): Promise<LabSession[]> {
    const list = JSON.parse(await this.run(["sessions", "list", "--all-agents", "--json"], env));
    return (list as { sessions: LabSession[] }).sessions;
  }

  /**
   * Points a command at a copy of a state directory. For commands that only read: the copied
   * configuration still holds this instance's absolute paths and port (the latter is overruled
   * here by one where nobody listens).
   */
  copyEnv(stateDir: string): Record<string, string> {
    return {
      OPENCLAW_STATE_DIR: stateDir,
      OPENCLAW_CONFIG_PATH: join(stateDir, "openclaw.json"),
      OPENCLAW_GATEWAY_PORT: "1",
    };
  }

  /** Needs the gateway. */
  async crons(): Promise<LabCron[]> {
    return (JSON.parse(await this.run(["cron", "list", "--json"])) as { jobs: LabCron[] }).jobs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } finally {
      await this.model[Symbol.asyncDispose]();
      const keep = this.#failed || process.env.CLAWBACK_KEEP_LAB !== undefined;
      if (!keep) await rm(this.root, { recursive: true, force: true });
    }
  }

  get #logFile(): string {
    return join(this.root, "gateway.log");
  }

  async #failure(message: string): Promise<Error> {
    this.#failed = true;
    const log = await readFile(this.#logFile, "utf8").catch(() => "");
    const tail = log.split("\n").slice(-30).join("\n");
    return new Error(`${message}\nkept in ${this.root}; the gateway's last words:\n${tail}`);
  }
}

async function endTree(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) signalAll(await processTree(child.pid), "SIGKILL");
}

function text(chunks: Uint8Array[]): string {
  return Buffer.concat(chunks).toString("utf8");
}
