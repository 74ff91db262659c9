import { access, readlink, realpath } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { commandOf, descendantsOf, parentOf } from "./process-table.ts";

/** What OpenClaw is started by: a package's entry, a checkout's, or the program `openclaw`. */
const ENTRY = /(?:^|\/)(?:openclaw|clawdbot)(?:\.mjs)?$|\/dist\/(?:index|entry)\.js$/;
const RUNTIME = /^(?:node|bun|openclaw)/;
const GATEWAY_TITLE = "openclaw-gateway";
/** A launcher starts a launcher at most: for the compile cache, for another Node. */
const MAX_LAUNCHERS = 3;

/**
 * The gateway's launchers, nearest first: OpenClaw starts itself again as a child in some settings,
 * and the parent then only waits. It still shows the arguments, which the gateway has overwritten
 * with its title.
 */
export async function launchersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  let next = await parentOf(pid);
  while (next > 1 && found.length < MAX_LAUNCHERS && (await isLauncher(next))) {
    found.push(next);
    next = await parentOf(next);
  }
  return found;
}

/** A shell that was given the same words, and may start it again, is none. */
async function isLauncher(pid: number): Promise<boolean> {
  const program = basename((await programOf(pid)) ?? "");
  return RUNTIME.test(program) && isGatewayCommand(await commandOf(pid));
}

/** Whether these are OpenClaw's words for running a gateway, by a Node or without. */
function isGatewayCommand(command: readonly string[]): boolean {
  const entry = command.findIndex((word, index) => index < 8 && ENTRY.test(word));
  return entry >= 0 && command.slice(entry + 1).includes("gateway");
}

/** Whether the process has replaced its command line by a title, so that the arguments are gone. */
export function hasOnlyTitle(command: readonly string[]): boolean {
  return command.length === 1 && command[0]?.startsWith(GATEWAY_TITLE) === true;
}

/**
 * The words that start OpenClaw, without a command: from the running gateway (or a launcher) whose
 * release is then the same, else `openclaw` on the given PATH.
 */
export async function openclawOf(
  pid: number | undefined,
  path: string | undefined,
): Promise<string[] | undefined> {
  if (pid !== undefined) {
    for (const each of [pid, ...(await launchersOf(pid))]) {
      const command = await commandOf(each);
      const entry = command.findIndex((word) => ENTRY.test(word));
      if (entry >= 0 && isGatewayCommand(command)) return absolute(each, command, entry);
    }
    const script = await packageOfHelpers(pid);
    const program = await programOf(pid);
    if (script !== undefined && program !== undefined) return [program, script];
  }
  for (const folder of (path ?? "").split(delimiter).filter((each) => each !== "")) {
    const program = join(folder, "openclaw");
    if (await exists(program)) return [program];
  }
  return undefined;
}

/** The program file of a process, if it still stands where it was started from. */
export async function programOf(pid: number): Promise<string | undefined> {
  const path = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
  return path !== undefined && (await exists(path)) ? path : undefined;
}

async function absolute(pid: number, command: string[], entry: number): Promise<string[]> {
  const [name = "", ...rest] = command.slice(0, entry + 1);
  const program = name.startsWith("/") ? name : ((await programOf(pid)) ?? name);
  const cwd = await realpath(`/proc/${pid}/cwd`).catch(() => "/");
  const words = entry === 0 ? [program] : [program, ...rest.slice(0, -1)];
  const script = rest.at(-1);
  return script === undefined
    ? words
    : [...words, join(script.startsWith("/") ? "/" : cwd, script)];
}

/** OpenClaw's helper processes keep their command lines, with the package's path in them. */
async function packageOfHelpers(pid: number): Promise<string | undefined> {
  for (const child of await descendantsOf(pid)) {
    const words = await commandOf(child);
    for (const word of words) {
      const folder = /^(\/.*)\/dist\/.*\.m?js$/.exec(word)?.[1];
      if (folder === undefined || basename(folder) !== "openclaw") continue;
      const script = join(folder, "openclaw.mjs");
      if (await exists(script)) return script;
    }
  }
  return undefined;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
