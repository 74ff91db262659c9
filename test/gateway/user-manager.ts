import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errno } from "../../src/errors.ts";
import { noMountNamespaces } from "./mount-namespaces.ts";

const START_TIMEOUT_MS = 30_000;

/**
 * In a mount namespace of its own: systemd runs only where `/run/systemd/system` says that it was
 * booted with, and wants a hierarchy of control groups to itself, here all below one group of ours.
 */
const SCRIPT = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
echo $$ > "$GROUP/cgroup.procs"
unset GROUP
exec unshare --cgroup sh -c '
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  exec /usr/lib/systemd/systemd --user --log-target=console'`;

/** A real service manager of a user (`systemd --user`) with a home of its own. */
export class UserManager implements AsyncDisposable {
  readonly root: string;
  /** For `systemctl --user`. */
  readonly env: Record<string, string>;
  readonly #process: ChildProcess;

  readonly #group: string;

  private constructor(
    root: string,
    env: Record<string, string>,
    child: ChildProcess,
    group: string,
  ) {
    this.#group = group;
    this.root = root;
    this.env = env;
    this.#process = child;
  }

  /**
   * Why it cannot run here, if it cannot. What only lacks a program is a failure under CI=true, and
   * then no reason; what the kernel or its container does not have is one everywhere.
   */
  static missing(): string | undefined {
    if (process.env["CI"] !== "true") {
      if (!existsSync("/usr/lib/systemd/systemd")) return "systemd is not installed";
      if (process.getuid?.() !== 0) return "only root can";
    }
    const groups = groupsRoot();
    if (groups === undefined) return "no control groups of version 2 are mounted";
    try {
      const probe = join(groups, `clawback-probe-${process.pid}`);
      mkdirSync(probe);
      rmdirSync(probe);
    } catch (error) {
      return `no control group can be made: ${errno(error)}`;
    }
    return noMountNamespaces();
  }

  /** @param home where the units are, in `.config/systemd/user` */
  static async start(home: string): Promise<UserManager> {
    const root = await mkdtemp(join(tmpdir(), "clawback-systemd-"));
    await mkdir(join(root, "run"), { mode: 0o700 });
    const env = {
      HOME: home,
      PATH: process.env["PATH"] ?? "",
      XDG_RUNTIME_DIR: join(root, "run"),
    };
    const group = join(groupsRoot() ?? "", `clawback-test-${process.pid}-${root.slice(-6)}`);
    await mkdir(group);
    const child = spawn("unshare", ["--mount", "sh", "-c", SCRIPT], {
      env: { ...env, GROUP: group },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (part: Buffer) => (log += part.toString()));
    const end = Date.now() + START_TIMEOUT_MS;
    while (!existsSync(join(root, "run/systemd/private"))) {
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`systemd --user does not run here: ${log}`);
      }
      await delay(50);
    }
    return new UserManager(root, env, child, group);
  }

  async systemctl(...words: string[]): Promise<string> {
    return this.run("systemctl", "--user", ...words);
  }

  /** Runs a command with this manager's environment. Throws unless it ends with 0. */
  async run(program: string, ...words: string[]): Promise<string> {
    const child = spawn(program, words, { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      new Promise((resolve) => child.once("close", resolve)),
    ]);
    const text = (parts: unknown[]): string => Buffer.concat(parts as Buffer[]).toString();
    if (child.exitCode !== 0) throw new Error(`${program} ${words.join(" ")}: ${text(stderr)}`);
    return text(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It ends its units, then itself.
    this.#process.kill("SIGTERM");
    const end = Date.now() + START_TIMEOUT_MS;
    while (this.#process.exitCode === null && this.#process.signalCode === null) {
      if (Date.now() > end) this.#process.kill("SIGKILL");
      await delay(50);
    }
    await rm(this.root, { recursive: true, force: true });
    while (existsSync(this.#group) && Date.now() < end) {
      await removeGroup(this.#group);
      await delay(50);
    }
  }
}

/** Where the one hierarchy of version 2 is mounted. */
function groupsRoot(): string | undefined {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  return mounts.find(([, , type]) => type === "cgroup2")?.[1];
}

/** The files in a control group go with it. */
async function removeGroup(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  }
  await rmdir(path).catch(() => undefined);
}
