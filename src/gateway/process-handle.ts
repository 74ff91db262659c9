import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { holderOfLock, isHeld } from "./gateway-lock.ts";
import { answers } from "./probe.ts";
import { anyLives, descendantsOf, keyOf, lives } from "./process-table.ts";
import type { ProcessKey, ProcessRecipe } from "./recipe.ts";
import type { Progress, Stoppable } from "./stoppable.ts";

/** How long a process must live to count as back when nothing else tells. */
const ALIVE_MS = 5_000;

/** A plain process: ended by SIGTERM, started again in a session of its own. */
export class ProcessHandle implements Stoppable {
  readonly #recipe: ProcessRecipe;
  #processes: ProcessKey[];
  #started: { key: ProcessKey; at: number } | undefined;

  constructor(recipe: ProcessRecipe) {
    this.#recipe = recipe;
    this.#processes = recipe.processes;
  }

  async askToStop(): Promise<void> {
    const gateways = await this.#gateways();
    for (const gateway of gateways) if (await lives(gateway)) terminate(gateway);
  }

  async isGone(): Promise<boolean> {
    return !(await anyLives(this.#processes));
  }

  /**
   * Whom to ask: the gateway, and not its launcher, which would kill it if it takes long. Of one
   * that was started here, whoever of its processes has the lock, or all where none has it yet.
   */
  async #gateways(): Promise<ProcessKey[]> {
    if (this.#started === undefined) return [this.#recipe.gateway];
    const top = this.#started.key;
    const tree = await Promise.all([top.pid, ...(await descendantsOf(top.pid))].map(keyOf));
    this.#processes = [top, ...tree.filter((key) => key !== undefined)];
    const { lock } = this.#recipe;
    const holder = lock === undefined ? undefined : await holderOfLock(lock);
    const gateway = this.#processes.find(({ pid }) => pid === holder);
    return gateway === undefined ? this.#processes : [gateway];
  }

  async runsAgain(): Promise<boolean> {
    const { lock } = this.#recipe;
    return lock !== undefined && (await isHeld(lock)) === true;
  }

  async start(): Promise<void> {
    const { command, env, cwd, stdout, stderr, user } = this.#recipe;
    const [program = "", ...args] = user === undefined ? command : asUser(user, command);
    const outputs = [stdout, stderr].map((path) => openLog(path, user?.uid));
    const before = process.umask(this.#recipe.umask);
    try {
      const stdio = ["ignore" as const, ...outputs];
      const child = spawn(program, args, { cwd, env, detached: true, stdio });
      await once(child, "spawn");
      child.unref();
      const key = await keyOf(child.pid ?? 0);
      if (key !== undefined) this.#started = { key, at: performance.now() };
    } catch (error) {
      throw new ClawbackError("E_GATEWAY", `cannot start ${program}: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      process.umask(before);
      outputs.forEach(closeSync);
    }
  }

  async progress(): Promise<Progress> {
    if (this.#started === undefined || !(await lives(this.#started.key))) return "ended";
    const { kind, port } = this.#recipe.probe;
    const ready =
      (kind === "readyz" || kind === "healthz") && port !== undefined
        ? await answers(port, kind)
        : performance.now() - this.#started.at > ALIVE_MS;
    return ready ? "ready" : "starting";
  }
}

function terminate({ pid }: ProcessKey): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (errno(error) === "ESRCH") return;
    throw new ClawbackError("E_GATEWAY", `may not stop process ${pid}`, {
      hint: "It belongs to another user: run Clawback as that user or as root.",
      cause: error,
    });
  }
}

/** Its own file, for appending; anything else in its place gets nothing of what it prints. */
function openLog(path: string, owner: number | undefined): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  // What another user's directory holds is not made by this one, nor trusted.
  const flags = O_WRONLY | O_APPEND | O_NOFOLLOW | (owner === undefined ? O_CREAT : 0);
  try {
    const fd = openSync(path, flags, 0o600);
    if (owner === undefined || fstatSync(fd).uid === owner) return fd;
    closeSync(fd);
  } catch {
    // Starting it is worth more than what it has to say.
  }
  return openSync("/dev/null", "a");
}

/** setpriv(1) of util-linux keeps the environment, and sets the groups as they were. */
function asUser({ uid, gid, groups }: NonNullable<ProcessRecipe["user"]>, command: string[]) {
  const groupWords = groups.length === 0 ? ["--clear-groups"] : [`--groups=${groups.join(",")}`];
  return ["/usr/bin/setpriv", `--reuid=${uid}`, `--regid=${gid}`, ...groupWords, "--", ...command];
}
