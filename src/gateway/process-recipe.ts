import { readlink, stat } from "node:fs/promises";
import { ClawbackError, errno } from "../errors.ts";
import { hasOnlyTitle, launchersOf, openclawOf, programOf } from "./openclaw-command.ts";
import { probeOf } from "./probe.ts";
import {
  commandOf,
  environmentOf,
  fileBehind,
  keyOf,
  parentOf,
  statusOf,
} from "./process-table.ts";
import type { GatewayControl, ProcessKey, ProcessRecipe } from "./recipe.ts";

/** Programs that end, and a container with them, when the process they were started for ends. */
const CONTAINER_INITS = new Set(["tini", "dumb-init", "docker-init", "catatonit", "podman-init"]);
/** What OpenClaw adds for the child that it starts itself again as. */
const MARKS_OF_A_CHILD = /^OPENCLAW_(?:\w+_)?RESPAWNED$/;

interface Running {
  port: number | undefined;
  lockFile: string | undefined;
}

/**
 * A gateway that runs as a plain process: everything about it that is needed to start it the same
 * way again, read while it still runs.
 *
 * @throws E_GATEWAY when it cannot be read or could not be started again
 */
export async function processControl(gateway: ProcessKey, at: Running): Promise<GatewayControl> {
  const launchers = await launchersOf(gateway.pid);
  const top = launchers.at(-1) ?? gateway.pid;
  await refuseContainersMain(top);
  const notes: string[] = [];
  const command = await commandToStart(gateway.pid, top, at.port, notes);
  const [stdout, stderr] = await Promise.all([fileBehind(top, 1), fileBehind(top, 2)]);
  if (stdout === undefined && stderr === undefined) {
    notes.push("its output goes to no file now, and will go to /dev/null");
  }
  const recipe: ProcessRecipe = {
    kind: "process",
    gateway,
    processes: await keysOf([gateway.pid, ...launchers]),
    command,
    env: await environmentToStart(top),
    cwd: await directoryOf(top, notes),
    stdout: stdout ?? "/dev/null",
    stderr: stderr ?? "/dev/null",
    umask: Number.parseInt((await statusOf(top))["Umask"] ?? "0022", 8),
    user: await otherUser(gateway.pid),
    lock: at.lockFile,
    probe: await probeOf(at.port),
  };
  const describe = `the process ${gateway.pid}`;
  return { kind: "process", describe, notes, port: at.port, gateway, recipe: () => recipe };
}

/** One that was removed meanwhile, by an update say, is no place to start in. */
async function directoryOf(pid: number, notes: string[]): Promise<string> {
  const directory = await readlink(`/proc/${pid}/cwd`);
  const info = await stat(directory).catch(() => undefined);
  if (info?.isDirectory() === true) return directory;
  notes.push("its working directory is gone; it will be started in /");
  return "/";
}

async function refuseContainersMain(pid: number): Promise<void> {
  const parent = pid === 1 ? 1 : await parentOf(pid);
  if (parent !== 1 && pid !== 1) return;
  const init = (await statusOf(1))["Name"] ?? "";
  if (pid !== 1 && !CONTAINER_INITS.has(init)) return;
  throw new ClawbackError("E_GATEWAY", "the gateway is the main process of this container", {
    hint: "The container would end with it, and Clawback too: run Clawback outside of it, or back up without stopping.",
  });
}

async function commandToStart(
  pid: number,
  top: number,
  port: number | undefined,
  notes: string[],
): Promise<string[]> {
  const command = await commandOf(top);
  if (command.length > 0 && !hasOnlyTitle(command)) {
    // A bare `node` may mean another program in another PATH.
    const program = await programOf(top);
    return program === undefined ? command : [program, ...command.slice(1)];
  }
  const openclaw = await openclawOf(pid, (await environmentToStart(top))["PATH"]);
  if (openclaw === undefined) {
    throw new ClawbackError("E_GATEWAY", "cannot tell how the gateway was started", {
      hint: `Stop process ${pid} yourself, back up, and start it again.`,
    });
  }
  const given = port === undefined ? [] : ["--port", String(port)];
  const words = [...openclaw, "gateway", "run", ...given];
  notes.push(
    `it no longer shows its command line, and will be started as \`gateway ${["run", ...given].join(" ")}\`, with what its configuration and environment say`,
  );
  return words;
}

async function environmentToStart(pid: number): Promise<Record<string, string>> {
  try {
    const entries = Object.entries(await environmentOf(pid));
    return Object.fromEntries(entries.filter(([name]) => !MARKS_OF_A_CHILD.test(name)));
  } catch (error) {
    throw new ClawbackError("E_GATEWAY", `cannot read the environment of process ${pid}`, {
      hint:
        errno(error) === "EACCES"
          ? "It belongs to another user: run Clawback as that user or as root."
          : "It may just have ended; try again.",
      cause: error,
    });
  }
}

async function otherUser(pid: number): Promise<ProcessRecipe["user"]> {
  const status = await statusOf(pid);
  const [uid = 0, gid = 0] = ["Uid", "Gid"].map((key) => Number(status[key]?.split(/\s+/)[1]));
  if (uid === process.getuid?.()) return undefined;
  const groups = (status["Groups"] ?? "").split(/\s+/).filter((group) => group !== "");
  return { uid, gid, groups: groups.map(Number) };
}

async function keysOf(pids: readonly number[]): Promise<ProcessKey[]> {
  const keys = await Promise.all(pids.map(keyOf));
  return keys.filter((key) => key !== undefined);
}
